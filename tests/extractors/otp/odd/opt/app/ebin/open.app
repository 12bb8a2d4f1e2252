{application, open, [{vsn, "1"}
