{application, types, [x, {}, {[], 1}, {vsn, "1"}, {licenses, "MIT"}, {links, 1}, {applications, kernel}]}.
