//! Merges any number of sorted inputs with a bounded number of them open: in rounds, by way of the disk.

use std::collections::VecDeque;
use std::path::Path;

use super::{BatchLimits, Merge, SortedBatches, Spill, SpillWriter};
use crate::error::LakeError;

/// An input that is open now.
pub(crate) struct Source {
    /// Its rows.
    pub batches: SortedBatches,
    /// What it holds in memory while it is read.
    pub cost_bytes: usize,
}

/// Opens an input when its turn has come.
pub(crate) type Opener = Box<dyn FnOnce() -> Result<Source, LakeError> + Send>;

/// The bounds of a merge.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MergePlan<'a> {
    /// How many inputs are open at once, at least 2.
    pub fan_in: usize,
    /// What the open inputs may cost together; two are opened whatever they cost.
    pub open_bytes: usize,
    /// The size of the batches that come out.
    pub batch: BatchLimits,
    /// Where runs are spilled.
    pub folder: &'a Path,
}

/// All rows of all inputs in the total order. Inputs beyond the bounds are merged into runs on the disk first, so that
/// the last merge keeps the bounds too; with only the fan-in to keep, each row is spilled once up to `fan_in` squared inputs.
pub(crate) fn merge_in_rounds(mut inputs: VecDeque<Opener>, plan: MergePlan<'_>) -> Result<Merge, LakeError> {
    loop {
        let wanted = group_size(inputs.len(), plan.fan_in);
        let group = open_group(&mut inputs, wanted, plan.open_bytes)?;
        let merge = Merge::new(group, plan.batch)?;
        if inputs.is_empty() {
            return Ok(merge);
        }
        let spill = spill(merge, plan.folder)?;
        inputs.push_back(Box::new(move || open_spill(spill)));
    }
}

/// As many as may be open, but before the last merge no more than it takes to get down to `fan_in` inputs.
fn group_size(inputs: usize, fan_in: usize) -> usize {
    if inputs <= fan_in { inputs } else { fan_in.min(inputs - fan_in + 1) }
}

fn open_group(
    inputs: &mut VecDeque<Opener>,
    wanted: usize,
    open_bytes: usize,
) -> Result<Vec<SortedBatches>, LakeError> {
    let (mut group, mut cost) = (Vec::with_capacity(wanted), 0);
    while group.len() < wanted && (group.len() < 2 || cost < open_bytes) {
        let Some(open) = inputs.pop_front() else { break };
        let source = open()?;
        cost += source.cost_bytes;
        group.push(source.batches);
    }
    Ok(group)
}

fn spill(batches: Merge, folder: &Path) -> Result<Spill, LakeError> {
    let mut writer = SpillWriter::create(folder)?;
    for batch in batches {
        writer.write(&batch?)?;
    }
    writer.finish()
}

fn open_spill(spill: Spill) -> Result<Source, LakeError> {
    Ok(Source { cost_bytes: spill.cost_bytes, batches: spill.open()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_leaves_the_last_merge_full() {
        for (inputs, fan_in, size) in
            [(0, 2, 0), (1, 2, 1), (2, 2, 2), (3, 2, 2), (33, 32, 2), (1000, 32, 32), (63, 32, 32)]
        {
            assert_eq!(group_size(inputs, fan_in), size, "{inputs} inputs");
        }
    }
}
