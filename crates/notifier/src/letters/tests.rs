//! Letters are compared with the committed ones in `tests/snapshots`; `UPDATE_SNAPSHOTS=1` writes them anew.
