//! Refresh tokens: each is used once, and a lost answer does not lock an honest client out.

use crate::ids::{FamilyId, UserId};
use crate::time::Micros;

/// How long after a rotation the same nonce gets the same successor (seconds).
pub const REPEAT_SECONDS: u64 = 60;

/// One login and the token that is good now. Secrets are kept as SHA-256 only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Family {
    /// Names the family.
    pub id: FamilyId,
    /// Who signed in.
    pub user: UserId,
    /// Counts rotations; part of the token.
    pub generation: u32,
    /// Of the token that is good now.
    pub secret_sha256: [u8; 32],
    /// The rotation that made it; a login made the first one.
    pub rotation: Option<Rotation>,
    /// When the user signed in.
    pub began_at: Micros,
    /// The end of the family, however often it was rotated.
    pub expires_at: Micros,
}

/// What is remembered of the last rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// Of the token that was used for it.
    pub secret_sha256: [u8; 32],
    /// Of the nonce that the client gave, if it gave one.
    pub nonce_sha256: Option<[u8; 32]>,
    /// When.
    pub at: Micros,
}

/// A refresh token as a client presents it.
#[derive(Clone, Copy, Debug)]
pub struct Presented {
    /// Its generation.
    pub generation: u32,
    /// Of its secret.
    pub secret_sha256: [u8; 32],
    /// Of the nonce, if the client sent one.
    pub nonce_sha256: Option<[u8; 32]>,
}

/// What a presented token means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is the one that is good now: rotate.
    Rotate,
    /// It was rotated a moment ago by the same client, whose answer was lost: derive the same successor again.
    Repeat,
    /// It was used before: the family ends.
    Reuse,
    /// It is none of the family's; nothing changes, since anybody can make one up.
    Unknown,
    /// The family's time is over.
    Expired,
}

impl Family {
    /// Judges a presented token. Comparing hashes takes a time that says nothing of the secrets.
    pub fn judge(&self, presented: &Presented, now: Micros) -> Verdict {
        if now >= self.expires_at {
            return Verdict::Expired;
        }
        if presented.generation == self.generation {
            let good = presented.secret_sha256 == self.secret_sha256;
            return if good { Verdict::Rotate } else { Verdict::Unknown };
        }
        let Some(rotation) = &self.rotation else { return Verdict::Unknown };
        if presented.generation > self.generation {
            return Verdict::Unknown;
        }
        // Older generations are known by nothing but their number: only somebody who held one can name the family.
        let last = presented.generation + 1 == self.generation;
        if last && presented.secret_sha256 != rotation.secret_sha256 {
            return Verdict::Unknown;
        }
        let same_nonce = rotation.nonce_sha256.is_some() && presented.nonce_sha256 == rotation.nonce_sha256;
        if last && same_nonce && now < rotation.at.plus_seconds(REPEAT_SECONDS) {
            Verdict::Repeat
        } else {
            Verdict::Reuse
        }
    }

    /// The family after its good token was used at `now` and `secret_sha256` follows it.
    pub fn rotated(&self, presented: &Presented, secret_sha256: [u8; 32], now: Micros) -> Self {
        let rotation =
            Rotation { secret_sha256: presented.secret_sha256, nonce_sha256: presented.nonce_sha256, at: now };
        Self { generation: self.generation + 1, secret_sha256, rotation: Some(rotation), ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Generator;

    const NOW: Micros = Micros(1_700_000_000_000_000);

    fn family() -> Family {
        let random = Generator::<rand_chacha::ChaCha8Rng>::seeded(1);
        Family {
            id: FamilyId::new(NOW, &random),
            user: UserId::new(NOW, &random),
            generation: 0,
            secret_sha256: [0; 32],
            rotation: None,
            began_at: NOW,
            expires_at: NOW.plus_seconds(30 * 86_400),
        }
    }

    fn presented(generation: u32, secret: u8, nonce: Option<u8>) -> Presented {
        Presented { generation, secret_sha256: [secret; 32], nonce_sha256: nonce.map(|nonce| [nonce; 32]) }
    }

    fn check(family: &Family, token: (u32, u8, Option<u8>), seconds: u64, expected: Verdict) {
        let (generation, secret, nonce) = token;
        let verdict = family.judge(&presented(generation, secret, nonce), NOW.plus_seconds(seconds));
        assert_eq!(verdict, expected, "{token:?} after {seconds} s");
    }

    #[test]
    fn the_first_token() {
        check(&family(), (0, 0, None), 0, Verdict::Rotate);
        check(&family(), (0, 1, None), 0, Verdict::Unknown);
        check(&family(), (1, 0, None), 0, Verdict::Unknown);
        check(&family(), (0, 0, None), 30 * 86_400, Verdict::Expired);
    }

    #[test]
    fn after_a_rotation() {
        let with_nonce = family().rotated(&presented(0, 0, Some(7)), [1; 32], NOW);
        check(&with_nonce, (1, 1, Some(8)), 0, Verdict::Rotate);
        check(&with_nonce, (0, 0, Some(7)), 59, Verdict::Repeat);
        check(&with_nonce, (0, 0, Some(7)), 60, Verdict::Reuse);
        check(&with_nonce, (0, 0, Some(8)), 0, Verdict::Reuse);
        check(&with_nonce, (0, 0, None), 0, Verdict::Reuse);
        check(&with_nonce, (0, 9, Some(7)), 0, Verdict::Unknown);
        let without = family().rotated(&presented(0, 0, None), [1; 32], NOW);
        check(&without, (0, 0, None), 0, Verdict::Reuse);
    }

    #[test]
    fn once_the_successor_was_used_an_old_token_is_reuse() {
        let once = family().rotated(&presented(0, 0, Some(7)), [1; 32], NOW);
        let twice = once.rotated(&presented(1, 1, Some(8)), [2; 32], NOW);
        check(&twice, (0, 0, Some(7)), 0, Verdict::Reuse);
        check(&twice, (1, 1, Some(8)), 0, Verdict::Repeat);
        assert_eq!(twice.expires_at, family().expires_at);
    }
}
