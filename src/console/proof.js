// Checks, in the reader's browser, what the page shows: that the event's bytes give the leaf, the leaf and the
// path the root, and that the root is signed. Nothing is sent anywhere.
"use strict";
(async () => {
  const proof = document.getElementById("proof"), said = document.getElementById("browser");
  if (!proof || !said) return;
  const shown = proof.dataset, words = said.dataset, held = document.getElementById("held-key");
  const raw = (base64) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  const utf8 = (text) => new TextEncoder().encode(text);
  const join = (parts) => Uint8Array.from(parts.flatMap((part) => [...part]));
  const hash = async (...parts) => new Uint8Array(await crypto.subtle.digest("SHA-256", join(parts)));
  const same = (a, b) => a.length === b.length && a.every((byte, at) => byte === b[at]);
  const hex = (text) => Uint8Array.from(text.match(/../g), (two) => parseInt(two, 16));
  const number = (value, bytes) => hex(BigInt.asUintN(bytes * 8, value).toString(16).padStart(bytes * 2, "0"));
  const name = (text) => [...number(BigInt(utf8(text).length), 2), ...utf8(text)];
  const micros = (at) => {
    const [seconds, rest = ""] = at.replace("Z", "").split(".");
    return BigInt(Date.parse(seconds + "Z")) * 1000n + BigInt(rest.padEnd(6, "0"));
  };
  const need = (holds, step) => { if (!holds) throw new Error(words[step]); };
  const inTree = async (leaf, index, size, path) => {
    let [at, last, root] = [index, size - 1, leaf];
    for (const beside of path) {
      if (last === 0) return [];
      if (at % 2 === 1 || at === last) {
        root = await hash([1], beside, root);
        while (at % 2 === 0 && at !== 0) { at /= 2; last = Math.floor(last / 2); }
      } else root = await hash([1], root, beside);
      at = Math.floor(at / 2); last = Math.floor(last / 2);
    }
    return last === 0 ? root : [];
  };
  const isSigned = async (note, key) => {
    const [, origin, id, base64] = /^(.*)\+([0-9a-f]{8})\+(.*)$/.exec(key) || [];
    need(origin, "key");
    const end = note.indexOf("\n\n") + 1, bytes = raw(base64);
    need(bytes[0] === 1 && same((await hash(utf8(origin), [10], bytes)).slice(0, 4), hex(id)), "key");
    const imported = await crypto.subtle.importKey("raw", bytes.slice(1), { name: "Ed25519" }, false, ["verify"]);
    for (const line of note.slice(end + 1).split("\n")) {
      if (!line.startsWith("\u2014 " + origin + " ")) continue;
      const signed = raw(line.split(" ")[2]);
      if (same(signed.slice(0, 4), hex(id)) &&
        await crypto.subtle.verify("Ed25519", imported, signed.slice(4), utf8(note.slice(0, end)))) return true;
    }
    return false;
  };
  const check = async () => {
    said.className = "alarm";
    try {
      need(globalThis.crypto && crypto.subtle, "without");
      const digests = [];
      for (const part of ["data", "metadata"]) {
        const digest = hex(shown[part + "Sha256"]);
        if (shown[part]) need(same(await hash(raw(shown[part])), digest), "bytes");
        digests.push(digest);
      }
      const leaf = await hash([0, 1], name(shown.stream), number(BigInt(shown.revision), 8),
        hex(shown.event.replaceAll("-", "")), name(shown.type), number(micros(shown.recordedAt), 8), ...digests);
      need(same(leaf, raw(shown.leaf)), "leafed");
      const [, size, root] = shown.checkpoint.split("\n");
      const path = shown.path.split(" ").filter(Boolean).map(raw);
      need(same(await inTree(leaf, Number(shown.index), Number(size), path), raw(root)), "rooted");
      let signed;
      try { signed = await isSigned(shown.checkpoint, held.value.trim() || shown.key); } catch (error) {
        if (error.name !== "NotSupportedError") throw error;
        said.className = "";
        said.textContent = words.unsigned;
        return;
      }
      need(signed, "signed");
      said.className = "";
      said.textContent = held.value.trim() ? words.held : words.good;
    } catch (error) { said.textContent = error.message || String(error); }
  };
  held.closest("p").hidden = false;
  held.addEventListener("change", check);
  await check();
})();
