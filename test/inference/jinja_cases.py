#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes jinja_cases.json: small templates and what Python's Jinja2 makes of them.

usage: jinja_cases.py > jinja_cases.json

Needs python3-jinja2 of Debian. A case has the text, or `refused`: by Jinja2, or, of UNSUPPORTED, by us alone.
"""
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from jinja_reference import render  # noqa: E402

NAMES = {
    "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi\u00e9 \U0001f600!"},
                 {"role": "assistant", "content": "Yes."}],
    "n": 7, "x": 2.5, "t": True, "z": None, "s": "  a-b c\n", "e": "", "l": [3, 1, 2], "empty": [],
    "d": {"b": 1, "A": [2, {"k": "v"}], "items": "own"}, "quote": "it's", "both": "it's \"so\"\n\u200b\u00e9",
}

WHITE_SPACE = [
    'a\n{% if t %}\nb\n{% endif %}\nc\n',
    'a\n   {% if t %}   \n b {% endif %}c',
    'a  {%- if t -%}  b  {%- endif -%}  c',
    '  {%+ if t %}b{% endif +%}\nc',
    '{{ n }}\n{{ n }}\n\n',
    'x {{- n -}} y',
    '{# one #}\n  {# two -#}  \n z',
    'a\r\nb\rc\r\n',
    '{%- for m in messages %}\n{{ m.role }}\n{% endfor %}',
    "{{ '{{' }} {% raw %}{{ a }} {% b %}{% endraw %}",
    '{%- raw -%}  {{ x }}  {%- endraw -%}  end',
    'a\t{# c #}\tb',
    '\n\n{% set a = 1 %}\n\n{{ a }}',
    "{{ {'a': {'b': 1}}['a']['b'] }}",
    '  {{ n }}',
    'line\n  {{ n }}\n  {#- c -#}\n  x',
    '{%if t%}{{n}}{%endif%}',
    '{{\nn\n}}',
    'a {%- if true %} b{% endif %}',
]
VALUES = [
    '{{ t }} {{ z }} {{ x }} {{ n }} {{ missing }}|',
    "{{ [1, 'a', none, true, 2.0] }} {{ (1,) }} {{ () }} {{ {'a': 1, 2: 'b'} }}",
    '{{ d }}',
    "{{ [quote, both, 'a\\\\b', '\\t'] }}",
    '{{ 1.0 }} {{ 100000.0 * 100000 }} {{ 0.1 + 0.2 }}',
    '{{ 1/2 }} {{ 7 // 2 }} {{ -7 // 2 }} {{ -7 % 3 }} {{ 7 % -3 }} {{ 2 * 3 + 1 - 4 }}',
    '{{ 10000000000000000.0 * 10 }} {{ 1/3 }} {{ 1/100000 }}',
    '{{ -n }} {{ +n }} {{ - x }} {{ -1 | abs }}',
    "{{ 'a' 'b' }}",
    "{{ 'tab\\there\\x41\\u00e9\\q' }}",
    "{{ 'a' ~ 1 ~ none ~ missing ~ [1] }}",
    "{{ 'ab' * 3 }} {{ [1] * 2 }} {{ 2 * 'x' }} {{ 'x' * -1 }}",
    '{{ [1] + [2] }} {{ (1,) + (2,) }}',
    '{{ true + 1 }}',
    '{{ 1, 2 }}',
    ("{{ 1 == 1.0 }} {{ 1 == true }} {{ '1' == 1 }} {{ [1] == (1,) }} {{ {'a': 1} == {'a': 1} }} "
     '{{ missing == other }}'),
    "{{ 1 < 2 < 3 }} {{ 1 < 2 > 3 }} {{ 'a' < 'b' }} {{ [1, 2] < [1, 3] }} {{ 2 >= 2 }} {{ 3 != 3 }}",
    "{{ 'a' in 'cat' }} {{ 2 in l }} {{ 'b' in d }} {{ 'b' not in d }} {{ 1 in missing }} {{ not 1 in l }}",
    "{{ 1 and 2 }} {{ 0 or 'x' }} {{ not 0 }} {{ e or empty or z }} {{ 1 if e else 2 }} {{ 1 if e }}|",
    '{{ n if t and not z else 0 }} {{ 1 if 0 else 2 if 0 else 3 }}',
    '{{ 1 + 2 ~ 3 * 4 }}',
    '{{ 10 - 2 - 3 }} {{ 2 + 3 * 4 % 5 }}',
    "{{ 1 + 'a' }}",
    '{{ missing + 1 }}',
    '{{ 1 / 0 }}',
    "{{ 1 < 'a' }}",
    "{{ 1 in 'a' }}",
    '{{ 1 in none }}',
    "{{ -3 | string }}|{{ 'é' | length }}|{{ -'a' }}",
]
LOOK_UP = [
    "{{ messages[0].role }} {{ messages[-1]['content'] }} {{ messages[9] }}|",
    '{{ messages[1].content[2] }} {{ messages[1].content[-2] }}',
    "{{ d.b }} {{ d['A'][1].k }} {{ d.none }}|{{ d.A.0 }}",
    "{{ d['items'] }} {{ d.items() | list }}",
    '{{ missing.a }}',
    "{{ z.a }}|{{ n.a }}|{{ z['a'] }}|",
    ("{{ l[1:] }} {{ l[::-1] }} {{ l[-2:] }} {{ l[:1] }} {{ l[5:] }} {{ l[::2] }} {{ 'abcdef'[1:4] }} "
     "{{ 'abc'[::-1] }} {{ (1, 2, 3)[:2] }}"),
    '{{ l[2:0:-1] }} {{ l[-9:9] }} {{ l[none:2] }} {{ l[5:1:-2] }}',
    "{{ d.get('b') }} {{ d.get('q') }} {{ d.get('q', 5) }} {{ d.keys() | list }} {{ d.values() | list }}",
    '{{ l.append(1) }}',
    "{{ d.pop('b') }}",
    '{{ d.get is defined }} {{ d.items is callable }}',
    '{{ l[0:2:0] }}',
    "{{ 'a'.upper.lower }}|",
    '{{ z() }}',
    '{{ missing() }}',
    '{{ n() }}',
    '{{ d[l] }}',
    '{{ d.items()[0] }}|{{ d.items() | length }}',
]
METHODS = [
    "[{{ s.strip() }}] [{{ s.lstrip() }}] [{{ s.rstrip() }}] {{ 'xxaxx'.strip('x') }} {{ 'abc'.lstrip('ab') }}",
    "{{ '\u3000a\xa0'.strip() }}|",
    ("{{ 'a,b,,c'.split(',') }} {{ ' a  b '.split() }} {{ 'a,b,c'.split(',', 1) }} {{ ''.split() }} "
     "{{ ''.split(',') }} {{ ' a b c '.split(none, 1) }}"),
    "{{ 'a.b.c'.rsplit('.', 1) }} {{ 'a b'.rsplit() }}",
    "{{ 'a\\nb\\r\\nc'.splitlines() }} {{ 'a\\n'.splitlines(true) }}",
    "{{ 'abc'.startswith('a') }} {{ 'abc'.endswith(('x', 'c')) }} {{ ''.startswith('') }}",
    "{{ 'banana'.replace('an', 'AN') }} {{ 'banana'.replace('a', 'o', 2) }} {{ 'ab'.replace('', '-') }}",
    "{{ ', '.join(['a', 'b']) }}{{ '-'.join('abc') }}",
    "{{ ','.join([1]) }}",
    ("{{ 'ABC straße É'.lower() }} {{ 'abc straße é'.upper() }} {{ 'hELLO wORLD'.capitalize() }} "
     '{{ "they\'re bill\'s".title() }}'),
    "{{ 'éaéa'.find('a') }} {{ 'abc'.find('x') }} {{ 'banana'.count('a') }}",
    "{{ '{} {}'.format(1, 'a') }} {{ '{1}{0}{{}}'.format('a', 'b') }} {{ '{k}'.format(k=1) }}",
    "{{ 'a'.split('') }}",
    "{{ 'a'.strip(1) }}",
    "{{ '{'.format() }}",
    "{{ 'a'.upper(1) }}",
]
FILTERS = [
    "[{{ s | trim }}] {{ n | string + 'a' }} {{ messages | length }} {{ 'é' | count }} {{ missing | length }}",
    "{{ 'aBc' | upper }} {{ 'aBc' | lower }} {{ 'aBc dE' | capitalize }} {{ 'aBc dE-f (g' | title }}",
    ("{{ missing | default('x') }} {{ e | default('x') }} {{ e | default('x', true) }} "
     "{{ missing | d }}|{{ z | default('x', boolean=true) }}"),
    "{{ [1, none, 'a'] | join(', ') }} {{ 'abc' | join('-') }} {{ messages | join(',', attribute='role') }}",
    "{{ 'aXbX' | replace('X', 'y') }} {{ 'aXbX' | replace('X', 'y', 1) }} {{ 121 | replace(1, 3) }}",
    ("{{ l | list }} {{ 'ab' | list }} {{ d | list }} {{ l | first }} {{ l | last }} "
     "{{ [] | first }}|{{ 'abc' | last }}"),
    ("{{ l | sort }} {{ l | sort(reverse=true) }} {{ ['b', 'A', 'a'] | sort }} "
     "{{ ['b', 'A', 'a'] | sort(case_sensitive=true) }} "
     "{{ messages | sort(attribute='role') | map(attribute='role') | list }}"),
    "{{ d | dictsort }} {{ {'b': 1, 'a': 2} | dictsort(by='value') }} {{ {'b': 1, 'a': 2} | dictsort(reverse=true) }}",
    "{{ l | reverse | list }} {{ 'abc' | reverse }}",
    ("{{ messages | selectattr('role', 'equalto', 'user') | list | length }} "
     "{{ messages | rejectattr('role', 'in', ['user']) | map(attribute='role') | join(' ') }} "
     "{{ messages | selectattr('no') | list }}"),
    ("{{ l | select('odd') | list }} {{ l | reject('equalto', 1) | list }} "
     "{{ [0, 1, ''] | select | list }} {{ ['a', 'b'] | map('upper') | list }} "
     "{{ [1.5] | map('string') | first }}"),
    "{{ ['b', 'B', 'a'] | unique | list }} {{ l | min }} {{ l | max }} {{ l | sum }} {{ [] | max }}|",
    ("{{ '12' | int }} {{ 'x' | int }} {{ '3.9' | int }} {{ 3.9 | int }} {{ 'x' | int(5) }} "
     '{{ -2 | abs }} {{ none | int }}'),
    '{{ d | tojson }} {{ [1, 2.0, true, none, \'a"\\né\'] | tojson }} {{ {} | tojson }} {{ [] | tojson(indent=2) }}',
    '{{ d | tojson(indent=2) }}',
    ("{{ d | tojson(separators=(',', ':')) }} {{ {'b': 1, 'a': 2} | tojson(sort_keys=true) }} "
     '{{ both | tojson(ensure_ascii=true) }}'),
    "{{ {1: 2, none: 3, true: 4} | tojson }} {{ '\x7f' | tojson }} {{ '😀' | tojson(ensure_ascii=true) }}",
    '{{ d | items | list }} {{ d.items() | list | last }}',
    "{{ 'a\nb\n\nc' | indent }}|{{ 'a\nb' | indent(2, true) }}|{{ 'a\n\nb' | indent('>', blank=true) }}",
    '{{ missing | tojson }}',
    '{{ [] | map | list }}',
    '{{ none | list }}',
    '{{ 5 | length }}',
    "{{ l | map('nothing') | list }}",
    '{{ n | nothing }}',
    "{{ none | map('upper') | list }}",
    "{{ '<b>' | safe }} {{ '<' | safe ~ '>' }}",
    '{{ l | join(attribute=0) }}',
    "{{ 'a' | trim(1) }}",
    "{{ 'xax' | trim('x') }}",
    "{{ 'a' | upper | lower | trim ~ 'b' | upper }}",
    '{% filter upper %}a{{ n }}b{% endfilter %}',
    '{% filter trim | upper %} a {% endfilter %}',
    "{{ [1, 'a'] | sort }}",
    '{{ x | int | string | length }}',
    ("{{ messages | map(attribute='role', default='?') | list }} "
     "{{ messages | map(attribute='no', default='?') | list }}"),
    "{{ 1 if l | select('odd') else 2 }}",
]
TESTS = [
    '{{ missing is defined }} {{ n is defined }} {{ missing is undefined }} {{ z is none }} {{ n is not none }}',
    ('{{ e is string }} {{ d is mapping }} {{ l is mapping }} {{ l is sequence }} {{ e is sequence }} '
     '{{ d is sequence }} {{ n is sequence }}'),
    ('{{ l is iterable }} {{ n is iterable }} {{ e is iterable }} {{ d is iterable }} '
     '{{ missing is iterable }} {{ d.items() is iterable }} {{ d.items() is sequence }}'),
    ('{{ n is number }} {{ t is number }} {{ n is integer }} {{ t is integer }} {{ x is float }} '
     '{{ t is boolean }} {{ n is boolean }}'),
    ('{{ t is true }} {{ 1 is true }} {{ t is false }} {{ n is odd }} {{ n is even }} '
     '{{ 9 is divisibleby 3 }} {{ 9 is divisibleby(2) }}'),
    ('{{ n is eq 7 }} {{ n is equalto(7) }} {{ n is ne 7 }} {{ n is gt 3 }} {{ n is lt(3) }} '
     "{{ n is ge 7 }} {{ n is le 7 }} {{ 1 is in l }} {{ 'a' is in 'cat' }}"),
    '{{ range is callable }} {{ n is callable }} {{ namespace is defined }}',
    '{{ n is something }}',
    '{{ n is odd is even }}',
    '{{ n is not odd or z is none and t }}',
    "{{ 'a' is odd }}",
    '{{ not n is odd }}',
    '{{ n is defined and n is number }}',
]
STATEMENTS = [
    ('{% for m in messages %}'
     '{{ loop.index }}{{ loop.index0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.revindex '
     '}} {% endfor %}'),
    "{% for m in messages if m.role != 'user' %}{{ loop.index }}{{ loop.last }}{{ m.role }} {% endfor %}",
    '{% for i in [] %}x{% else %}none{% endfor %} {% for i in missing %}x{% else %}none{% endfor %}',
    '{% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %} {% for k in d %}{{ k }}{% endfor %}',
    ('{% for a in [1, 2] %}{% for b in [3, 4] %}{{ a }}{{ b }}{{ loop.index }} '
     '{% endfor %}{{ loop.index }}{% endfor %}'),
    ('{% for i in range(5) %}{% if i == 1 %}{% continue %}{% endif %}{% if i == 3 %}{% break %}{% endif %}'
     '{{ i }}{% endfor %}'),
    ('{% for m in messages %}'
     '{{ loop.previtem.role if loop.previtem is defined }}<{{ m.role }}>{{ loop.nextitem.role if not '
     'loop.last }} {% endfor %}'),
    "{% for c in 'hé' %}{{ c }}.{{ loop.cycle('a', 'b') }}{% endfor %}",
    '{% set a = 1 %}{% for i in [1, 2] %}{{ a }}{% set a = a + 5 %}{{ a }} {% endfor %}{{ a }}',
    ("{% set ns = namespace(a=0, b='x') %}{% for i in l %}{% set ns.a = ns.a + i %}{% endfor %}"
     '{{ ns.a }}{{ ns.b }}{{ ns.c }}|'),
    '{% if t %}{% set q = 1 %}{% endif %}{{ q }}{% if e %}{% set r = 1 %}{% endif %}{{ r }}|',
    '{% set a, b = 1, 2 %}{{ a }}{{ b }} {% set (c, d2) = [3, 4] %}{{ c }}{{ d2 }}',
    '{% set a %}x{{ n }}\n{% endset %}[{{ a }}] {% set b | upper | trim %} y {% endset %}[{{ b }}]',
    '{% set a, b = [1] %}',
    '{% set ns = 1 %}{% set ns.a = 1 %}',
    '{% set x.a = 1 %}',
    ('{% macro f(a, b=2, c=a) %}{{ a }}{{ b }}{{ c }};{% endmacro %}'
     '{{ f(1) }}{{ f(1, c=5) }}{{ f(b=1, a=3) }}{{ f() }}'),
    '{% macro f(a) %}{{ a }}{% endmacro %}{{ f(1, 2) }}',
    '{% macro f(a) %}{{ a }}{% endmacro %}{{ f(q=2) }}',
    '{% macro f(n) %}{{ n }}{% if n > 0 %}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(3) }}',
    '{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}',
    '{% macro f() %}{{ a }}{% endmacro %}{% set a = 1 %}{{ f() }}{% set a = 2 %}{{ f() }}',
    '{% macro f() %}{% set n = 1 %}{{ n }}{% endmacro %}{{ f() }}{{ n }}',
    '{% for i in l %}{% macro g() %}{{ i }}{% endmacro %}{{ g() }}{% endfor %}',
    '{% macro f(a) %}{{ loop }}{% endmacro %}{% for i in [1] %}{{ f(1) }}{% endfor %}|',
    '{% if e %}1{% elif n == 7 %}2{% elif t %}3{% else %}4{% endif %}',
    '{% if e %}1{% else %}4{% endif %}',
    '{% generation %}a{% set n = 8 %}{{ n }}{% endgeneration %}{{ n }}',
    '{% with a = 1, b = n %}{{ a }}{{ b }}{% endwith %}{{ a }}|',
    ('{% set ns = namespace(done=false) %}{% for i in [1, 2, 3] if not ns.done %}{{ i }}{% if i == 2 %}'
     '{% set ns.done = true %}{% endif %}{% endfor %}'),
    ('{% set ns = namespace(done=false) %}{% for i in [1, 2, 3] if not ns.done %}'
     '{{ i }}{{ loop.index }}{% if i == 2 %}{% set ns.done = true %}{% endif %}{% endfor %}'),
    ("{{ dict(a=1, b=2) }} {{ dict({'a': 1}, b=2) }} {{ range(3) | list }} {{ range(1, 7, 2) | list }} "
     '{{ range(3, 0, -1) | list }}'),
    '{{ range(100001) | length }}',
    "{{ strftime_now('%Y-%m-%d %H:%M %B %d') }}",
    "{{ raise_exception('no ' ~ n) }}",
    "{% if e %}{{ raise_exception('no') }}{% endif %}ok",
    '{% for i in 5 %}{% endfor %}',
    "{% include 'a' %}",
    '{% do l %}',
    '{% if %}a{% endif %}',
    '{% if t %}a',
    '{% endif %}',
    '{% for i in l %}',
    '{{ n',
    '{# open',
    "{{ 'open }}",
    '{{ (n }}',
    '{{ n) }}',
    '{{ n ! }}',
    '{{ }}',
    '{% break %}',
    '{% set true = 1 %}',
    '{{ f(*l) }}',
    '{% call f() %}{% endcall %}',
    '{{ caller() }}',
    '{% for a, b in [[1, 2], [3, 4]] %}{{ a }}{{ b }}{% endfor %}',
    '{% for a, b in [[1]] %}{% endfor %}',
    '{{ loop is defined }}',
    '{% for i in [1] %}{% for j in [2] %}{% if true %}{% break %}{% endif %}{% endfor %}{{ i }}{% endfor %}',
    '{% for i in [1, 2] %}{% set a %}{% if i == 1 %}{% continue %}{% endif %}x{% endset %}{{ a }}{{ i }}{% endfor %}',
    '{% if 1 if 2 else 3 %}{% endif %}',
    '{{ 1 if true else 2 if }}',
    '{% if not t or n %}y{% endif %}',
]
# Refused by name, though Jinja2 has it.
UNSUPPORTED = [
    "{{ '%s' % 1 }}",
    '{{ 2 ** 3 }}',
    '{{ 9223372036854775807 + 1 }}',
    '{{ 0b1 }}',
    '{{ 1_000 }}',
    '{{ 1e3 }}',
    '{{ d.items }}',
    "{{ ''.__class__ }}",
    "{{ 'x'.isdigit() }}",
    "{{ messages | map(attribute='role') }}",
    "{{ '{:>5}'.format(1) }}",
    "{{ 'a'.zfill(3) }}",
    "{{ '<' | safe + '>' }}",
    "{{ '<' | e }}",
    "{{ 'a b' | wordcount }}",
    '{{ l | batch(2) | list }}',
    "{% set g = l | map('string') %}{{ g | list }}{{ g | list }}",
    '{{ n is sameas n }}',
    '{% for i in l recursive %}{% endfor %}',
    '{% set loop = 1 %}{{ loop }}',
    '{% block a %}b{% endblock %}',
    '{{ cycler is defined }}',
]


def main():
    cases = []
    for template in WHITE_SPACE + VALUES + LOOK_UP + METHODS + FILTERS + TESTS + STATEMENTS:
        result = render(template, NAMES)
        cases.append({"template": template, **(result if "text" in result else {"refused": True})})
    cases += [{"template": template, "refused": True} for template in UNSUPPORTED]
    json.dump({"names": NAMES, "cases": cases}, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
