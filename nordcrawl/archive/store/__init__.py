"""Store: where objects lie: a folder or an S3-compatible bucket, behind one protocol."""
