//! A provider of identities outside (OpenID Connect): what it publishes of itself, the keys by which its
//! tokens are verified, and signing in by its authorization code.
//!
//! What must hold: an algorithm counts only if it is listed and fits the kind of the key that the
//! provider publishes, so neither `none` nor an HMAC with a public key ever does; keys are kept when the
//! provider is away; whatever tokens come, it is asked for keys at most once in a while. What a claim
//! means for the record is not decided here, but where roles are known (`api::auth`).

mod code_flow;
mod crypto;
mod error;
mod fetch;
mod keys;
mod provider;

pub use code_flow::{Sent, SignInBy};
pub use crypto::install as install_crypto;
pub use error::{MAX_TOKEN_BYTES, SignInError, TokenError};
pub use keys::Pace;
pub use provider::{Claims, ClientSettings, Provider, ProviderSettings, issuer_of};
