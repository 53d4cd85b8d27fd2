//! From what was read of an app to what the planner needs to know of one type. Pure.

use super::listing::{InstanceState, ListedInstance};
use crate::plan::{Condition, Present};
use common::{ContainerState, ProcessType};
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// The instances of one type among what was read of an app, by index. Containers that no file names are
/// none of them. `instances` are sorted by type, as a listing has them: there may be as many types as instances.
pub(crate) fn present(instances: &[ListedInstance], process_type: &ProcessType) -> BTreeMap<u32, Present> {
    let type_of = |instance: &ListedInstance| instance.process_type.as_ref().map(|found| found.cmp(process_type));
    let start = instances.partition_point(|instance| type_of(instance) == Some(Ordering::Less));
    let of_type = instances.iter().skip(start).take_while(|instance| type_of(instance) == Some(Ordering::Equal));
    of_type
        .filter_map(|instance| {
            let condition = match &instance.state {
                InstanceState::Docker(_) if instance.is_queued && instance.is_up() => Condition::Queued,
                InstanceState::Docker(_) if instance.is_up() && instance.has_stale_address => Condition::Misplaced,
                InstanceState::Docker(_) if instance.is_unhealthy() => Condition::Unhealthy,
                InstanceState::Docker(_) if instance.is_up() => Condition::Serves,
                _ if instance.rests() => Condition::Rests,
                InstanceState::Docker(state) if state.can_be_started() && !instance.is_queued => {
                    let in_vain = instance.details.as_ref().is_some_and(|details| details.restarts > 0);
                    let word = state.to_string();
                    if in_vain { Condition::Exhausted(word) } else { Condition::Ended(word) }
                }
                InstanceState::Docker(state @ ContainerState::Restarting) if !instance.is_queued => {
                    Condition::Restarts(state.to_string())
                }
                InstanceState::Docker(state) => Condition::Down(state.to_string()),
                InstanceState::Missing => Condition::Down("missing".to_owned()),
                InstanceState::Upcoming | InstanceState::Stray | InstanceState::Retiring => return None,
            };
            // Without a container the id is what a file holds, which nothing answers to.
            let container = instance.details.as_ref().and(instance.container.clone());
            Some((instance.index?, Present { condition, container }))
        })
        .collect()
}
