//! Does nothing: the price of a process, which `tests/bench` sets beside each hook.

fn main() {}
