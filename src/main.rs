use std::process::ExitCode;

/// Events are made of many small values, made on one thread and freed on another, a page at a time:
/// what the C library's allocator is slow at.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    docket::cli::main()
}
