#!/bin/sh
# rootfs.sh BINARY TARGET: lays out in TARGET what the image holds.
#   TARGET/system  the binary, the libraries it is linked with, the certificates of public authorities
#   TARGET/data, TARGET/shared  empty folders
set -eu
binary=$1
target=$2

mkdir -p "$target/data" "$target/shared" "$target/system/usr/local/bin" "$target/system/etc/ssl/certs"
# Folders of the root file system that the engine mounts over.
mkdir -p "$target/system/tmp" "$target/system/run"
cp "$binary" "$target/system/usr/local/bin/docket"
chmod 0755 "$target/system/usr/local/bin/docket"

# `name => path (address)` is a library, `path (address)` the loader; the kernel's own has no path.
ldd "$binary" | sed -n -e 's/.*=> \(\/[^ ]*\) .*/\1/p' -e 's/^[[:space:]]*\(\/[^ ]*\) (.*/\1/p' |
while read -r library; do
    mkdir -p "$target/system$(dirname "$library")"
    cp -L "$library" "$target/system$library"
done

# For TLS to a webhook's receiver, PostgreSQL or S3 whose certificate a public authority has signed.
cp -L /etc/ssl/certs/ca-certificates.crt "$target/system/etc/ssl/certs/ca-certificates.crt"
