"""From the licence words of package metadata to SPDX."""
