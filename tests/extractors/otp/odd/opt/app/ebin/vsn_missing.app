{application, vsn_missing, [{description, "x"}]}.
