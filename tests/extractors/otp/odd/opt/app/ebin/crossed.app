{application, crossed, [{vsn, "1"]}}.
