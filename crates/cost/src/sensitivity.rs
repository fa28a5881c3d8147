//! How much the total moves when one assumption is another and all else stays.

use crate::assumptions::{ABOUT, About, Assumptions};
use crate::model;
use crate::money::Money;
use crate::prices::PriceList;

/// How many of the assumptions that move it most are shown.
pub const SHOWN: usize = 5;

/// The totals at both ends of an assumption's range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Swing {
    /// Which.
    pub about: &'static About,
    /// Its value.
    pub value: u64,
    /// The ends of its range.
    pub range: (u64, u64),
    /// The totals there.
    pub totals: (Money, Money),
}

impl Swing {
    /// How far apart the totals are.
    pub fn width(&self) -> Money {
        let (low, high) = (self.totals.0.min(self.totals.1), self.totals.0.max(self.totals.1));
        high - low
    }
}

/// Of all assumptions that are in doubt, those that move the total, the widest first.
pub fn swings(assumptions: &Assumptions, prices: &PriceList) -> Vec<Swing> {
    let mut swings: Vec<_> = ABOUT.iter().filter_map(|about| swing(assumptions, prices, about)).collect();
    swings.retain(|swing| swing.width() > Money::ZERO);
    swings.sort_by_key(|swing| (std::cmp::Reverse(swing.width()), swing.about.name));
    swings
}

fn swing(assumptions: &Assumptions, prices: &PriceList, about: &'static About) -> Option<Swing> {
    let value = assumptions.get(about.name)?;
    let range = about.range(value)?;
    let total = |value: u64| {
        let mut other = assumptions.clone();
        other.set(about.name, value.into()).ok()?;
        Some(model::bill(&other, prices).total())
    };
    Some(Swing { about, value, range, totals: (total(range.0)?, total(range.1)?) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Preset;

    #[test]
    fn the_widest_stand_first_and_hold_the_total_between_them() {
        let prices = PriceList::embedded();
        for preset in Preset::ALL {
            let assumptions = preset.assumptions();
            let total = model::bill(&assumptions, &prices).total();
            let swings = swings(&assumptions, &prices);
            assert!(swings.len() >= SHOWN);
            assert!(swings.is_sorted_by(|one, next| one.width() >= next.width()));
            for swing in swings {
                let (one, other) = swing.totals;
                assert!((one.min(other)..=one.max(other)).contains(&total), "{}", swing.about.name);
            }
        }
    }

    #[test]
    fn the_question_itself_is_not_in_doubt() {
        let prices = PriceList::embedded();
        let swings = swings(&Preset::Brief.assumptions(), &prices);
        assert!(swings.iter().all(|swing| !["organisations", "messages_a_day"].contains(&swing.about.name)));
    }
}
