//! Checkpoints, tiles and proofs in the hands of others: the crates `signed_note` and `tlog_tiles` read
//! ours, and the verifier reads theirs.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use docket::ledger::tiles::{Growing, Tiles};
use docket::ledger::{Signer, note, prove};
use docket::log::envelope::hash_entry;
use docket::verify::proof::{self, Proof};
use docket::verify::tree::{Tree, includes, leaf};
use docket::verify::{Checkpoint, Held, Key, Kind};
use ed25519_dalek::SigningKey;
use signed_note::{Note, StandardSigner, StandardVerifier, VerifierList};
use tempfile::TempDir;
use tlog_tiles::{Tile, TileHashReader, TileReader};

use crate::consistency::continues;

const ORIGIN: &str = "docket.example/log";

struct Served<'a>(&'a Tiles);

impl TileReader for Served<'_> {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, tiles: &[Tile]) -> Result<Vec<Vec<u8>>, tlog_tiles::tlog::Error> {
        let read = tiles.iter().map(|tile| {
            self.0.tile(tile.level(), tile.level_index(), tile.width().into()).unwrap().unwrap()
        });
        Ok(read.collect())
    }

    fn save_tiles(&self, _: &[Tile], _: &[Vec<u8>]) {}
}

fn entry(n: u64) -> Vec<u8> {
    format!("entry {n}").into_bytes()
}

fn tree(size: u64) -> (TempDir, Growing) {
    let folder = tempfile::tempdir().unwrap();
    let mut growing = Growing::open(folder.path()).unwrap();
    let leaves: Vec<_> = (0..size).map(|n| hash_entry(&entry(n))).collect();
    growing.push(&leaves).unwrap();
    (folder, growing)
}

fn theirs(hashes: &[[u8; 32]]) -> Vec<tlog_tiles::Hash> {
    hashes.iter().map(|hash| tlog_tiles::Hash(*hash)).collect()
}

#[test]
fn others_read_our_tiles_and_proofs_and_we_read_theirs() {
    const SIZE: u64 = 66_000;
    let (_folder, growing) = tree(SIZE);
    let tiles = growing.tiles();
    let mut own = Tree::default();
    let mut roots = vec![own.root()];
    for n in 0..SIZE {
        own.push(leaf(&entry(n)));
        roots.push(own.root());
    }
    assert_eq!(tiles.root(SIZE).unwrap(), own.root());
    for size in [1, 2, 3, 255, 256, 257, 511, 65_535, 65_536, 65_537, SIZE] {
        let root = roots[size as usize];
        let served = Served(tiles);
        let reader = TileHashReader::new(size, tlog_tiles::Hash(root), &served);
        assert_eq!(tlog_tiles::tree_hash(size, &reader).unwrap().0, root, "{size}");
        for index in [0, 1, 127, 255, 256, 300, 65_535, 65_536, size - 1] {
            if index >= size {
                assert!(prove::inclusion(tiles, index, size).is_err());
                continue;
            }
            let path = prove::inclusion(tiles, index, size).unwrap();
            let hash = leaf(&entry(index));
            let (root, leaf) = (tlog_tiles::Hash(root), tlog_tiles::Hash(hash));
            tlog_tiles::check_record(&theirs(&path), size, root, index, leaf).unwrap();
            let their_path = tlog_tiles::prove_record(size, index, &reader).unwrap();
            let their_path: Vec<_> = their_path.iter().map(|hash| hash.0).collect();
            assert!(includes(index, size, hash, &their_path, &root.0));
            assert!(!includes(index, size, [1; 32], &path, &root.0));
            if size > 1 {
                assert!(
                    !includes((index + 1) % size, size, hash, &path, &root.0),
                    "{index} {size}"
                );
            }
        }
        for from in [1, 2, 3, 200, 256, 257, 512, 65_000, 65_536, size] {
            if from > size {
                assert!(prove::consistency(tiles, from, size).is_err());
                continue;
            }
            let old = roots[from as usize];
            let path = prove::consistency(tiles, from, size).unwrap();
            let (to, then) = (tlog_tiles::Hash(root), tlog_tiles::Hash(old));
            tlog_tiles::check_tree(&theirs(&path), size, to, from, then).unwrap();
            let their_path = tlog_tiles::prove_tree(size, from, &reader).unwrap();
            let their_path: Vec<_> = their_path.iter().map(|hash| hash.0).collect();
            assert!(continues((from, &old), (size, &root), &their_path), "{from} {size}");
            assert!(!continues((from, &[2; 32]), (size, &root), &path));
            assert!(!continues((from, &old), (size, &[2; 32]), &path));
        }
    }
}

#[test]
fn every_proof_in_small_trees_holds_and_no_other_does() {
    let (_folder, growing) = tree(70);
    let (tiles, mut own, mut roots) = (growing.tiles(), Tree::default(), vec![]);
    for n in 0..=70 {
        roots.push(own.root());
        own.push(leaf(&entry(n)));
    }
    for size in 1..=70_u64 {
        let root = &roots[size as usize];
        for index in 0..size {
            let path = prove::inclusion(tiles, index, size).unwrap();
            let right: Vec<u64> = (0..size)
                .filter(|at| includes(*at, size, leaf(&entry(index)), &path, root))
                .collect();
            assert_eq!(right, [index], "{size}");
        }
        for from in 1..=size {
            let path = prove::consistency(tiles, from, size).unwrap();
            let right: Vec<u64> = (1..=size)
                .filter(|at| continues((*at, &roots[*at as usize]), (size, root), &path))
                .collect();
            assert_eq!(right, [from], "{size}");
        }
    }
}

#[test]
fn others_verify_our_checkpoints() {
    let pair = SigningKey::from_bytes(&[4; 32]);
    let signer = Signer::new(ORIGIN.to_owned(), pair);
    let signed = signer.sign(66_000, [5; 32]);
    let key = note::verifier_key(ORIGIN, &signer.public_key()).unwrap();
    let verifier = StandardVerifier::new(&key).unwrap();
    let known = VerifierList::new(vec![Box::new(verifier)]);
    let theirs = Note::from_bytes(signed.note.as_bytes()).unwrap();
    let (verified, others) = theirs.verify(&known).unwrap();
    assert_eq!((verified.len(), others.len()), (1, 0));
    let checkpoint = tlog_tiles::Checkpoint::from_bytes(theirs.text()).unwrap();
    assert_eq!((checkpoint.origin(), checkpoint.size()), (ORIGIN, 66_000));
    assert_eq!(checkpoint.hash().0, [5; 32]);
    let ours = Checkpoint::parse(&signed.note).unwrap();
    assert!(ours.is_signed_by(&Key::parse(&key).unwrap()));
    assert_eq!(Key::parse(&key).unwrap().to_string(), key);
}

#[test]
fn we_verify_the_checkpoints_of_others_with_cosignatures_beside() {
    let (secret, key) = their_key(ORIGIN, 1);
    let (witness_secret, witness) = their_key("witness.example", 2);
    let hash = tlog_tiles::Hash([6; 32]);
    let checkpoint = tlog_tiles::Checkpoint::new(ORIGIN, 7, hash, "an extension\n").unwrap();
    let mut note = Note::new(&checkpoint.to_bytes(), &[]).unwrap();
    let signers = [&witness_secret, &secret].map(|secret| StandardSigner::new(secret).unwrap());
    note.add_sigs(&[&signers[0], &signers[1]]).unwrap();
    let text = String::from_utf8(note.to_bytes()).unwrap();
    let ours = Checkpoint::parse(&text).unwrap();
    assert_eq!((ours.origin.as_str(), ours.size, ours.root), (ORIGIN, 7, [6; 32]));
    for key in [&key, &witness] {
        assert!(ours.is_signed_by(&Key::parse(key).unwrap()));
    }
    let (_, another) = their_key(ORIGIN, 3);
    assert!(!ours.is_signed_by(&Key::parse(&another).unwrap()));
    let changed = Checkpoint::parse(&text.replacen("\n7\n", "\n8\n", 1)).unwrap();
    assert!(!changed.is_signed_by(&Key::parse(&key).unwrap()));
    for wrong in [key.replacen('+', "+0", 1), format!("{key}A"), key.replace('.', " ")] {
        assert_eq!(Key::parse(&wrong), None, "{wrong}");
    }
}

#[test]
fn a_proof_is_verified_offline() {
    let (_folder, growing) = tree(300);
    let signer = Signer::new(ORIGIN.to_owned(), SigningKey::from_bytes(&[4; 32]));
    let signed = signer.sign(300, growing.tiles().root(300).unwrap());
    let path = prove::inclusion(growing.tiles(), 257, 300).unwrap();
    let file = prove::proof_file(257, &entry(257), &path, &signed);
    let proof = Proof::parse(&file).unwrap();
    assert!(proof.proves(leaf(&entry(257))) && !proof.proves(leaf(&entry(258))));
    let extra = format!("extra {}\n", STANDARD.encode(entry(257)));
    let without = file.replacen(&extra, "", 1);
    assert!(without.len() < file.len());
    assert!(Proof::parse(&without).unwrap().proves(leaf(&entry(257))));
    let key = Key::of(ORIGIN, &signer.public_key()).unwrap();
    let held = Held { keys: vec![key], ..Held::default() };
    let kinds = |text: &str, held: &Held| -> Vec<Kind> {
        proof::judge(text, held).findings.iter().map(|finding| finding.kind).collect()
    };
    assert_eq!(kinds(&file, &held), []);
    assert_eq!(kinds(&file, &Held::default()), [Kind::Signature]);
    assert_eq!(kinds(&without, &held), [Kind::Proof]);
    let another = format!("extra {}\n", STANDARD.encode(entry(256)));
    assert_eq!(kinds(&file.replacen(&extra, &another, 1), &held), [Kind::Proof]);
    assert_eq!(kinds("nothing", &held), [Kind::Malformed]);
    let other = Proof::parse(&file.replacen("index 257", "index 256", 1)).unwrap();
    assert!(!other.proves(leaf(&entry(257))));
    for wrong in ["index 0257", "index -1", "index", "Index 257"] {
        assert!(Proof::parse(&file.replacen("index 257", wrong, 1)).is_none(), "{wrong}");
    }
    for cut in 0..file.len() {
        if let Some(half) = file.get(..cut) {
            assert!(Proof::parse(half).is_none(), "{cut}");
        }
    }
}

/// A key pair as `signed_note` writes it: the secret, and the key for verifiers.
fn their_key(name: &str, seed: u8) -> (String, String) {
    let pair = SigningKey::from_bytes(&[seed; 32]);
    let typed = [&[1][..], pair.verifying_key().as_bytes()].concat();
    let id = format!("{name}+{:08x}", signed_note::key_id(name, &typed));
    let secret = [&[1][..], &pair.to_bytes()].concat();
    (
        format!("PRIVATE+KEY+{id}+{}", STANDARD.encode(secret)),
        format!("{id}+{}", STANDARD.encode(typed)),
    )
}
