//! Waits for the disk many times at once: a file system writes many syncs together as fast as one.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::error::LakeError;

/// Threads that wait; they hardly compute.
const WAITING_THREADS: usize = 16;

/// Does some disk work for each item, in any order. After a failure nothing new is begun; one failure is returned.
pub(crate) fn for_each<T: Sync>(
    items: &[T],
    work: impl Fn(&T) -> Result<(), LakeError> + Sync,
) -> Result<(), LakeError> {
    let (next, failure) = (AtomicUsize::new(0), Mutex::new(None));
    let run = || {
        while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
            if let Err(error) = work(item) {
                next.store(items.len(), Ordering::Relaxed);
                failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
            }
        }
    };
    thread::scope(|scope| {
        for _ in 1..items.len().min(WAITING_THREADS) {
            scope.spawn(run);
        }
        run();
    });
    failure.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_has_its_turn_until_one_fails() {
        let items: Vec<usize> = (0..1000).collect();
        let sum = AtomicUsize::new(0);
        let add = |item: &usize| {
            sum.fetch_add(*item, Ordering::Relaxed);
            if *item == 500 { Err(LakeError::Unfinished) } else { Ok(()) }
        };
        assert!(matches!(for_each(&items, add), Err(LakeError::Unfinished)));
        sum.store(0, Ordering::Relaxed);
        assert!(for_each(&items[..500], add).is_ok());
        assert_eq!(sum.load(Ordering::Relaxed), 499 * 500 / 2);
        assert!(for_each(&[], |_: &()| Err(LakeError::Unfinished)).is_ok());
    }
}
