//! The second wall: what the server refuses, whatever the program asks.

mod role;
mod wall;
