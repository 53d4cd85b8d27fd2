//! What docker-local has of an app, read in one place: its files, its queue, and what Docker says of the containers.
//!
//! [`read`] asks the host and Docker, [`instances`] makes of the answers what there is, [`status`] answers for reports
//! with one cheaper question. Nothing here changes anything.

mod awaited;
mod deploying;
mod files;
mod healthy;
mod instances;
mod listing;
mod part;
mod pending;
mod present;
mod reach;
mod read;
mod status;

pub(crate) use deploying::{is_changing, is_in_hand, wait_for_deploy};
pub(crate) use files::{InstanceFile, Queued, instance_files, names_container, queue};
pub(crate) use healthy::shown_healthy;
pub(crate) use instances::{DEPLOYED, is_named_upcoming};
pub(crate) use listing::{Actual, Aside, InstanceState, ListedInstance, Listing, TypeCount};
pub(crate) use pending::{Pending, TO_TELL_PENDING, pending, pending_of_ended};
pub(crate) use present::present;
pub(crate) use reach::{check_docker, runs_on_docker_local};
pub(crate) use read::{add_pending, add_processes, is_stopped_whole, listing_of, listings, used};
pub(crate) use status::{AppStatus, InstanceStatus, Running, Statuses};
