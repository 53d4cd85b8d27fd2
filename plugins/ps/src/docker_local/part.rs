//! Part of what is listed, or what is listed under another light. Pure.

use super::listing::{Actual, Aside, Listing};
use crate::targets::Selection;
use common::{Instance, ProcessType, Quantity};

impl Listing {
    /// The same of some types alone; of another scheduler's app nothing is known by type, so it stays whole.
    #[must_use]
    pub(crate) fn only(mut self, is_meant: impl Fn(&ProcessType) -> bool) -> Self {
        if matches!(self.actual, Actual::Status(_)) {
            return self;
        }
        self.desired.retain(|desired, _| is_meant(desired));
        self.pending.retain(|pending, _| is_meant(pending));
        if let Actual::Instances(instances) = &mut self.actual {
            instances.retain(|instance| instance.process_type.as_ref().is_some_and(&is_meant));
        }
        self
    }

    /// The same, where somebody is about to start all of it.
    #[must_use]
    pub(crate) fn about_to_start(mut self) -> Self {
        self.is_stopped = false;
        if let Actual::Instances(instances) = &mut self.actual {
            for instance in instances.iter_mut().filter(|instance| instance.aside == Some(Aside::Stopped)) {
                instance.aside = None;
            }
        }
        self
    }

    /// The same of a part of the app alone, be it of single instances.
    #[must_use]
    pub(crate) fn narrowed(self, part: &Selection) -> Self {
        if part.is_empty() || matches!(self.actual, Actual::Status(_)) {
            return self;
        }
        let touched = part.touched();
        let mut narrowed = self.only(|process_type| touched.contains(process_type));
        for (process_type, quantity) in &mut narrowed.desired {
            if !part.types.contains(process_type) {
                let meant =
                    |instance: &&Instance| instance.process_type == *process_type && instance.index <= *quantity;
                *quantity = Quantity::try_from(part.instances.iter().filter(meant).count()).unwrap_or(*quantity);
            }
        }
        if let Actual::Instances(instances) = &mut narrowed.actual {
            instances.retain(|instance| instance.is_among(part));
        }
        narrowed
    }
}
