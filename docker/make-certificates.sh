#!/bin/bash
# make-certificates.sh NAME[=IP] …: an authority and a certificate for each node of KurrentDB, once.
# Runs in the image of es-gencert-cli. What is there stays; `FORCE=1` makes the nodes' anew.
#
#   /authority     the authority's key: mounted nowhere else
#   /certs/ca      its certificate, which Docket and the nodes trust
#   /certs/NAME    a node's certificate and key, readable by that node's user alone
set -euo pipefail
kurrent=1001:1001

if [ ! -e /authority/ca.key ]; then
    es-gencert-cli create-ca -out /authority
fi
chmod 0600 /authority/ca.key
cp /authority/ca.crt /certs/ca/ca.crt
chmod 0755 /certs/ca
chmod 0444 /certs/ca/ca.crt

for node in "$@"; do
    name=${node%%=*}
    ip=${node#*=}
    [ "$ip" = "$node" ] && ips=127.0.0.1 || ips=127.0.0.1,$ip
    folder=/certs/$name
    if [ -e "$folder/node.key" ] && [ -z "${FORCE:-}" ]; then
        continue
    fi
    rm -f "$folder/node.crt" "$folder/node.key"
    es-gencert-cli create-node -ca-certificate /authority/ca.crt -ca-key /authority/ca.key \
        -out "$folder" -ip-addresses "$ips" -dns-names "localhost,$name"
    chmod 0400 "$folder/node.key"
    chmod 0444 "$folder/node.crt"
    chown -R "$kurrent" "$folder"
    chmod 0500 "$folder"
done
