"""Data pipelines: CSV or JSON in, typed rows in SQLite, rejects with reasons, figures out."""

from qlp.blueprints.data_pipeline.blueprint import DataPipeline

__all__ = ["DataPipeline"]
