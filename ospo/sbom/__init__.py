"""Software bills of materials: CycloneDX out, CycloneDX and SPDX in."""
