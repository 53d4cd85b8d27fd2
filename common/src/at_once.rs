//! Work that several threads share.

use crate::process::{kept_by_children, let_children_keep};
use std::sync::{Mutex, PoisonError};
use std::thread::Builder;

/// Has up to `workers` threads do the same work, this one among them, and waits for all. `work` takes what is next to
/// do until nothing is left, so all is done even where the system gives us no further thread: then it takes longer.
/// They start as parts of the job that calls this: their children inherit the lock that it holds. A lock that one of
/// them takes itself is its own.
#[doc(hidden)] // for ps, which works on several apps at once
pub fn at_once(workers: usize, work: impl Fn() + Sync) {
    share(workers, Builder::new, &work);
}

/// Does the work for each of these things, several at once, and gives what came of each, in their order.
pub(crate) fn each_at_once<T: Sync, R: Send>(workers: usize, things: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let waiting = Mutex::new(things.iter().enumerate());
    let done = Mutex::new(Vec::with_capacity(things.len()));
    at_once(workers.min(things.len()), || {
        loop {
            let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some((place, thing)) = next else { break };
            let came = work(thing);
            done.lock().unwrap_or_else(PoisonError::into_inner).push((place, came));
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_unstable_by_key(|(place, _)| *place);
    done.into_iter().map(|(_, came)| came).collect()
}

fn share(workers: usize, thread: impl Fn() -> Builder, work: &(impl Fn() + Sync)) {
    let kept = kept_by_children();
    let part = || {
        let_children_keep(kept.clone());
        work();
    };
    std::thread::scope(|scope| {
        // One that cannot be had now is not asked for again.
        let _had = (1..workers).try_for_each(|_| thread().spawn_scoped(scope, part).map(drop));
        work();
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn counted(workers: usize, thread: impl Fn() -> Builder) -> (usize, usize) {
        let (done, threads) = (AtomicUsize::new(0), Mutex::new(BTreeSet::new()));
        share(workers, thread, &|| {
            threads.lock().unwrap().insert(format!("{:?}", std::thread::current().id()));
            while done.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |done| (done < 100).then_some(done + 1)).is_ok()
            {
            }
        });
        (done.into_inner(), threads.into_inner().unwrap().len())
    }

    #[test]
    fn all_is_done_by_as_many_threads_as_there_may_be() {
        assert_eq!(counted(1, Builder::new), (100, 1));
        assert_eq!(counted(5, Builder::new), (100, 5));
        assert_eq!(counted(0, Builder::new), (100, 1));
    }

    #[test]
    fn all_is_done_where_no_thread_can_be_had() {
        // No system has room for such a stack.
        assert_eq!(counted(5, || Builder::new().stack_size(1 << 60)), (100, 1));
    }

    #[test]
    fn what_came_of_each_is_in_its_place() {
        let things: Vec<u64> = (0..40).collect();
        for workers in [0, 1, 3, 100] {
            let came = each_at_once(workers, &things, |thing| {
                std::thread::sleep(std::time::Duration::from_millis(thing % 4));
                thing * 2
            });
            assert_eq!(came, things.iter().map(|thing| thing * 2).collect::<Vec<_>>());
        }
        assert!(each_at_once(3, &[] as &[u64], |thing| *thing).is_empty());
    }
}
