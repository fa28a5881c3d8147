//! When messages arrive: busy and quiet days, weekends, working hours; ever later, in exactly the given number.

use domain::time::{DAY, Micros};

use super::Options;
use super::dice::{Dice, Purpose};
use super::organisation::Organisation;

const SLOTS: usize = 96;
const SLOT_MICROS: u64 = DAY as u64 / SLOTS as u64;

/// How busy each hour of an organisation's own day is.
const HOURS: [u32; 24] = [2, 1, 1, 1, 1, 2, 5, 12, 30, 60, 70, 65, 40, 55, 66, 60, 52, 38, 20, 12, 9, 6, 4, 3];

/// The arrivals of one organisation. Never goes back; the precision is the organisation's own.
pub struct Schedule {
    dice: Dice,
    day_counts: std::vec::IntoIter<u64>,
    day_start: i64,
    shift_hours: u32,
    unit: i64,
    slots: [u64; SLOTS],
    slot: usize,
    in_slot: u64,
}

impl Schedule {
    /// Spreads `messages` over the days of `options`.
    pub fn new(organisation: &Organisation, messages: u64, options: &Options) -> Self {
        let mut dice = Dice::new(options.seed, organisation.number, Purpose::Schedule);
        let days = (options.from.0..).take(options.days as usize);
        let weights: Vec<u32> = days.map(|day| day_weight(day, organisation, &mut dice)).collect();
        let day_counts = split(messages, &weights).collect::<Vec<_>>().into_iter();
        let before_first = options.from.utc_start().0 - DAY;
        let (shift_hours, unit) = (organisation.style.shift_hours, organisation.style.precision.micros());
        Self {
            dice,
            day_counts,
            day_start: before_first,
            shift_hours,
            unit,
            slots: [0; SLOTS],
            slot: SLOTS,
            in_slot: 0,
        }
    }

    /// Goes to the next quarter of an hour, or to the next day; false at the end.
    fn advance(&mut self) -> bool {
        self.in_slot = 0;
        if self.slot + 1 < SLOTS {
            self.slot += 1;
            return true;
        }
        let Some(count) = self.day_counts.next() else { return false };
        self.day_start += DAY;
        self.slot = if count == 0 { SLOTS } else { 0 };
        if count > 0 {
            let mut weights = [0; SLOTS];
            for (slot, weight) in weights.iter_mut().enumerate() {
                let hour = (slot as u32 / 4 + self.shift_hours) % 24;
                *weight = HOURS[hour as usize] * (20 + self.dice.below(100));
            }
            for (slot, share) in self.slots.iter_mut().zip(split(count, &weights)) {
                *slot = share;
            }
        }
        true
    }
}

impl Iterator for Schedule {
    type Item = Micros;

    fn next(&mut self) -> Option<Micros> {
        while self.slot >= SLOTS || self.in_slot >= self.slots[self.slot] {
            if !self.advance() {
                return None;
            }
        }
        // Each message has an equal stretch of its slot and stands somewhere in it: sorted without sorting.
        let somewhere = self.in_slot * SLOT_MICROS + u64::from(self.dice.below(SLOT_MICROS as u32));
        let in_day = self.slot as u64 * SLOT_MICROS + somewhere / self.slots[self.slot];
        self.in_slot += 1;
        Some(Micros(self.day_start + in_day as i64 / self.unit * self.unit))
    }
}

fn day_weight(day: i32, organisation: &Organisation, dice: &mut Dice) -> u32 {
    // 1970-01-01 was a Thursday.
    let weekday = (day + 3).rem_euclid(7);
    let is_weekend = organisation.style.weekend.contains(&weekday);
    let usual = if is_weekend { 12 } else { 100 } * (60 + dice.below(80));
    match dice.below(80) {
        0 => usual * 5,
        1 => usual / 10,
        _ => usual,
    }
}

/// `total` in proportion to `weights`: each share is within 1 of the exact one, and their sum is `total`.
pub fn split(total: u64, weights: &[u32]) -> impl Iterator<Item = u64> {
    let sum: u128 = weights.iter().map(|weight| u128::from(*weight)).sum::<u128>().max(1);
    let (mut passed, mut given) = (0, 0);
    weights.iter().map(move |weight| {
        passed += u128::from(*weight);
        let until = (u128::from(total) * passed / sum) as u64;
        let share = until - given;
        given = until;
        share
    })
}
