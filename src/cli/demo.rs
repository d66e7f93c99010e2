//! Fills a server with the demonstration's data sets, over the same REST interface as any client.

pub mod data;
