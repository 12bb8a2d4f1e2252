%% A comment with "quotes' in it
{application, 'Odd.App', [
  {description, "In \"parts\" " "and \x{e9}\x41\101\n"}, {vsn, <<"1.0.0-rc.1"/utf8>>},
  {applications, [kernel, stdlib, 'Elixir.Logger']}, {included_applications, [inner]},
  {env, [{a, #{b => 1.5e-3, c => $", d => -16#ff}}, {e, [h | t]}, {f, $\n}, {g, ''}]},
  {licenses, [<<"Apache-2.0">>, "MIT"]},
  {links, [{"GitHub", "https://user:secret@git.example.org/odd"}, {<<"Elsewhere">>, <<"https://example.org">>}, {x, y}, z]}
]}.
