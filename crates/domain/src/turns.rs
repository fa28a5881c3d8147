//! How much a worker takes at a turn. Pure, so that the loop of a worker and the simulation of a fleet decide alike.

use crate::limits::Limits;

/// Steps that a worker claims at a turn: one while other owners wait, so that all come round, else as many as it has room for.
pub fn room(free_slots: u32, others_wait: bool, limits: &Limits) -> u32 {
    let most = if others_wait { 1 } else { limits.claim_segments };
    free_slots.min(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn while_others_wait_one_step_is_taken() {
        let limits = Limits::default();
        let check = |slots, others_wait, expected| assert_eq!(room(slots, others_wait, &limits), expected);
        check(0, false, 0);
        check(1, false, 1);
        check(8, false, 8);
        check(64, false, limits.claim_segments);
        check(8, true, 1);
        check(0, true, 0);
    }
}
