//! What is wrong with a token, and why nobody was signed in.

use crate::domain::ids::Text;

/// The longest token that is looked at, in bytes.
pub const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// What is wrong with a token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    #[error("The token is longer than {MAX_TOKEN_BYTES} bytes.")]
    TooLong,
    #[error("The token is not a JWT: three base64url parts with dots between.")]
    Malformed,
    #[error("The token is not signed with EdDSA, the only algorithm taken.")]
    Algorithm,
    #[error("The token is not signed with an algorithm that is taken of its issuer: {taken}.")]
    ProviderAlgorithm { taken: String },
    #[error("The token's type is not at+jwt, an access token.")]
    Type,
    #[error("The token has a critical header that is not understood.")]
    Critical,
    #[error("The token is signed with a key that is not accepted (any more).")]
    UnknownKey,
    #[error("The token's signature does not fit.")]
    Signature,
    #[error("The token comes from another issuer.")]
    Issuer,
    #[error("The token was issued for another service.")]
    Audience,
    #[error("The token has expired.")]
    Expired,
    #[error("The token was revoked.")]
    Revoked,
    #[error("The token lasts longer than {max_s} seconds, the most that is taken.")]
    LastsTooLong { max_s: u32 },
    #[error("The token is not valid yet.")]
    NotYetValid,
    #[error(
        "The token lacks a claim, or one has the wrong form: iss, aud, sub, iat, exp, jti, role and office are needed."
    )]
    Claims,
    #[error("The token lacks the claim {0}, or it has the wrong form.")]
    Claim(&'static str),
    /// Good, but who it is of signed in by another way than those that are taken.
    #[error("The token's claim acr names none of the ways of signing in that are taken here: {}.", .0.join(" "))]
    Otherwise(Vec<String>),
    /// Good, but it does not say who acts in the programs.
    #[error("{}", .0.en)]
    Nobody(Text),
    /// Its issuer's keys were never read.
    #[error("The keys of the token's issuer can't be read at present.")]
    ProviderAway,
}

/// Why nobody was signed in by a provider.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignInError {
    /// What the provider publishes or answers can't be had.
    #[error("{0}")]
    Away(String),
    /// It answers, but not as agreed.
    #[error("{0}")]
    Answer(String),
    /// Its token does not count.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The token is of another sign-in.
    #[error("The token's nonce is that of another sign-in.")]
    Nonce,
}
