"""From facts to findings: pure, the same facts give the same findings."""
