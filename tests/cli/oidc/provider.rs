//! A provider: it publishes keys, signs with them, changes them, and gives tokens for codes.

use std::collections::HashMap;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256,
    RsaKeyPair,
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::runtime::Runtime;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

/// The key of an algorithm, under an id.
pub struct Key {
    pub id: String,
    pair: Pair,
}

enum Pair {
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
}

pub fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Key {
    pub fn new(algorithm: &str, id: &str) -> Self {
        let random = SystemRandom::new();
        let pair = match algorithm {
            "RS256" => {
                let text = include_str!("rsa-key.txt").replace('\n', "");
                Pair::Rsa(RsaKeyPair::from_pkcs8(&STANDARD.decode(text).unwrap()).unwrap())
            }
            "ES256" => {
                let how = &ECDSA_P256_SHA256_FIXED_SIGNING;
                let made = EcdsaKeyPair::generate_pkcs8(how, &random).unwrap();
                Pair::Ec(EcdsaKeyPair::from_pkcs8(how, made.as_ref(), &random).unwrap())
            }
            _ => {
                let made = Ed25519KeyPair::generate_pkcs8(&random).unwrap();
                Pair::Ed(Ed25519KeyPair::from_pkcs8(made.as_ref()).unwrap())
            }
        };
        Self { id: id.to_owned(), pair }
    }

    pub fn algorithm(&self) -> &'static str {
        match self.pair {
            Pair::Rsa(_) => "RS256",
            Pair::Ec(_) => "ES256",
            Pair::Ed(_) => "EdDSA",
        }
    }

    pub fn published(&self) -> Value {
        let mut jwk = match &self.pair {
            Pair::Rsa(pair) => {
                let key = ring::rsa::PublicKeyComponents::<Vec<u8>>::from(pair.public());
                json!({"kty": "RSA", "n": base64url(key.n), "e": base64url(key.e)})
            }
            Pair::Ec(pair) => {
                let point = pair.public_key().as_ref();
                let (x, y) = (base64url(&point[1..33]), base64url(&point[33..]));
                json!({"kty": "EC", "crv": "P-256", "x": x, "y": y})
            }
            Pair::Ed(pair) => {
                json!({"kty": "OKP", "crv": "Ed25519", "x": base64url(pair.public_key())})
            }
        };
        (jwk["kid"], jwk["use"]) = (json!(self.id), json!("sig"));
        jwk
    }

    pub fn sign(&self, claims: &Value) -> String {
        let header = json!({"alg": self.algorithm(), "kid": self.id, "typ": "JWT"});
        let input = format!("{}.{}", base64url(header.to_string()), base64url(claims.to_string()));
        let (random, message) = (SystemRandom::new(), input.as_bytes());
        let signature = match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).unwrap();
                signature
            }
            Pair::Ec(pair) => pair.sign(&random, message).unwrap().as_ref().to_vec(),
            Pair::Ed(pair) => pair.sign(message).as_ref().to_vec(),
        };
        format!("{input}.{}", base64url(signature))
    }
}

/// What it gives for a code: to whom the challenge belongs, the token that it signs.
pub struct Promised {
    pub challenge: String,
    pub token: String,
}

#[derive(Default)]
struct Known {
    published: Vec<Value>,
    keys_asked: usize,
    codes: HashMap<String, Promised>,
}

pub struct Provider {
    pub runtime: Runtime,
    pub issuer: String,
    server: Option<MockServer>,
    known: Arc<Mutex<Known>>,
}

impl Provider {
    /// A provider that answers with these keys.
    pub fn start(keys: &[&Key]) -> Self {
        let mut provider = Self::hanging();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        provider.issuer = format!("http://{}", listener.local_addr().unwrap());
        provider.publish(keys);
        provider.answer_on(listener);
        provider
    }

    /// A provider at no address.
    pub fn hanging() -> Self {
        let runtime = Runtime::new().unwrap();
        Self { runtime, issuer: String::new(), server: None, known: Arc::default() }
    }

    pub fn publish(&self, keys: &[&Key]) {
        self.known.lock().unwrap().published = keys.iter().map(|key| key.published()).collect();
    }

    /// How often it was asked for its keys.
    pub fn keys_asked(&self) -> usize {
        self.known.lock().unwrap().keys_asked
    }

    pub fn promise(&self, code: &str, promised: Promised) {
        self.known.lock().unwrap().codes.insert(code.to_owned(), promised);
    }

    pub fn answer_on(&mut self, listener: TcpListener) {
        let description = json!({
            "issuer": self.issuer,
            "jwks_uri": format!("{}/keys", self.issuer),
            "authorization_endpoint": format!("{}/authorize?tenant=a", self.issuer),
            "token_endpoint": format!("{}/token", self.issuer),
            "end_session_endpoint": format!("{}/end?tenant=a", self.issuer),
        });
        let (keys, codes) = (self.known.clone(), self.known.clone());
        self.server = Some(self.runtime.block_on(async {
            let server = MockServer::builder().listener(listener).start().await;
            let described = ResponseTemplate::new(200).set_body_json(description);
            let at = "/.well-known/openid-configuration";
            Mock::given(path(at)).respond_with(described).mount(&server).await;
            let published = move |_: &Request| {
                let mut known = keys.lock().unwrap();
                known.keys_asked += 1;
                ResponseTemplate::new(200).set_body_json(json!({"keys": known.published}))
            };
            Mock::given(path("/keys")).respond_with(published).mount(&server).await;
            let exchange = move |request: &Request| exchanged(&mut codes.lock().unwrap(), request);
            let to = Mock::given(method("POST")).and(path("/token"));
            to.respond_with(exchange).mount(&server).await;
            server
        }));
    }

    pub fn stop(&mut self) {
        let server = self.server.take();
        self.runtime.block_on(async { drop(server) });
    }
}

/// A code is good once, with the verifier of its challenge and the client's secret.
fn exchanged(known: &mut Known, request: &Request) -> ResponseTemplate {
    let body = String::from_utf8_lossy(&request.body).into_owned();
    let field = |name: &str| {
        let fields = body.split('&').filter_map(|pair| pair.split_once('='));
        let found = fields.filter(|(known, _)| *known == name).map(|(_, value)| value).next();
        found.unwrap_or_default().replace("%2D", "-").replace("%5F", "_")
    };
    let by = request.headers.get("authorization").and_then(|value| value.to_str().ok());
    let is_client = by == Some(&format!("Basic {}", STANDARD.encode("docket%2Dconsole:s%3Acret")));
    let promised = known.codes.remove(&field("code"));
    let challenge = base64url(Sha256::digest(field("code_verifier")));
    match promised.filter(|promised| promised.challenge == challenge) {
        _ if !is_client => {
            ResponseTemplate::new(401).set_body_json(json!({"error": "invalid_client"}))
        }
        Some(promised) => ResponseTemplate::new(200).set_body_json(
            json!({"id_token": promised.token, "access_token": "opaque", "token_type": "Bearer"}),
        ),
        None => ResponseTemplate::new(400).set_body_json(json!({"error": "invalid_grant"})),
    }
}
