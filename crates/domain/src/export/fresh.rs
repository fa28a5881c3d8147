//! The numbers of segments that nobody has claimed yet.

/// Numbers nobody has claimed yet, as ranges in ascending order: from the first number to the one behind the last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fresh(Vec<(u32, u32)>);

impl Fresh {
    /// All numbers below `total`.
    pub fn below(total: u32) -> Self {
        Self::of([(0, total)])
    }

    /// The numbers of these ranges, which are in ascending order and have none in common; empty ones are left out.
    pub fn of(ranges: impl IntoIterator<Item = (u32, u32)>) -> Self {
        Self(ranges.into_iter().filter(|(from, to)| from < to).collect())
    }

    /// The ranges.
    pub fn ranges(&self) -> &[(u32, u32)] {
        &self.0
    }

    /// The smallest number.
    pub fn first(&self) -> Option<u32> {
        self.0.first().map(|(from, _)| *from)
    }

    /// Takes the smallest number away.
    pub fn take_first(&mut self) {
        if let Some((from, to)) = self.0.first_mut() {
            *from += 1;
            if from == to {
                self.0.remove(0);
            }
        }
    }

    /// How many there are.
    pub fn count(&self) -> u32 {
        self.0.iter().map(|(from, to)| to - from).sum()
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this number is among them.
    pub fn contains(&self, number: u32) -> bool {
        self.0.iter().any(|(from, to)| (*from..*to).contains(&number))
    }

    /// All of them, in ascending order.
    pub fn numbers(&self) -> impl Iterator<Item = u32> + '_ {
        self.0.iter().flat_map(|(from, to)| *from..*to)
    }

    /// Those of them from `from` on and below `to`.
    #[must_use]
    pub fn within(&self, from: u32, to: u32) -> Self {
        Self::of(self.0.iter().map(|(first, end)| (*first.max(&from), *end.min(&to))))
    }

    /// Takes others in.
    pub fn add(&mut self, others: &Self) {
        self.0.extend(&others.0);
        self.0.sort_unstable();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_taken_in_order_and_counted() {
        let mut fresh = Fresh::of([(0, 0), (2, 4), (7, 8)]);
        assert_eq!((fresh.count(), fresh.numbers().collect::<Vec<_>>()), (3, vec![2, 3, 7]));
        assert!(fresh.contains(3) && fresh.contains(7) && !fresh.contains(4) && !fresh.contains(8));
        let mut taken = Vec::new();
        while let Some(number) = fresh.first() {
            fresh.take_first();
            taken.push(number);
        }
        assert_eq!(taken, [2, 3, 7]);
        fresh.take_first();
        assert!(fresh.is_empty() && Fresh::below(0).is_empty());
    }

    #[test]
    fn parts_of_them_are_cut_out_and_put_together_again() {
        let all = Fresh::of([(0, 10), (12, 20)]);
        let mut together = all.within(11, 20);
        assert_eq!(together.ranges(), [(12, 20)]);
        together.add(&all.within(0, 11));
        assert_eq!(together, all);
        assert!(all.within(10, 12).is_empty());
    }
}
