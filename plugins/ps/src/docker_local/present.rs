//! From what was read of an app to what the planner needs to know of one type. Pure.

use super::listing::{InstanceState, ListedInstance};
use crate::plan::{Condition, Present};
use common::ProcessType;
use std::collections::BTreeMap;

/// The instances of one type among what was read of an app, by index. Containers that no file names are
/// none of them.
pub(crate) fn present(instances: &[ListedInstance], process_type: &ProcessType) -> BTreeMap<u32, Present> {
    let of_type = instances.iter().filter(|instance| instance.process_type.as_ref() == Some(process_type));
    of_type
        .filter_map(|instance| {
            let condition = match &instance.state {
                InstanceState::Docker(_) if instance.is_queued && instance.is_up() => Condition::Queued,
                InstanceState::Docker(_) if instance.is_up() && instance.has_stale_address => Condition::Misplaced,
                InstanceState::Docker(_) if instance.is_unhealthy() => Condition::Unhealthy,
                InstanceState::Docker(_) if instance.is_up() => Condition::Serves,
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
