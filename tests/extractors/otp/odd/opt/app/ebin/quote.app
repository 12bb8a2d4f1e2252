{application, quote, [{vsn, "1}]}.
