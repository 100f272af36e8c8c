"""What BuildKit measured of builds: bundles, event streams and logs, read into records."""
