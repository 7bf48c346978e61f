"""The computing side of the pipeline: jobs under torch.distributed and short calls from TypeScript."""
