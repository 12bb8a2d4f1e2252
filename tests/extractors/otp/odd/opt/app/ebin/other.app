{release, other, []}.
