"""Whatever is wrong on a command line: one line on stderr, status 2, and not a byte on the disk has changed."""

import errno
import pathlib
import random
import re
import shlex

import pytest

import tinygrad_edu
from tinygrad_edu.cli import main, parser

# What is typed, and what the line says of it: what was given, and what to do.
MISTAKES = r"""
                                                    | required: COMMAND .*--help
fly                                                 | 'fly' .*choose from demo, grad
gradd a                                             | 'gradd', did you mean 'grad'
--vresion                                           | no option '--vresion', did you mean '--version'
grad                                                | required: expression
grad ''                                             | expression is empty: write one such as
grad 'a +' a=1                                      | cannot read 'a \+' at column
grad a^2 a=1                                        | a power is written a \*\* b
grad 2a a=1                                         | between two factors write \*
grad '2(a + 1)' a=1                                 | between two factors write \*
grad '(a+1)(a+2)' a=1                               | between two factors write \*
grad 'f(x) = x**2' x=1                              | a step is written `name = formula`
grad tanh x=1                                       | tanh is a function: write tanh\(x\)
grad x*y x=1,y=2                                    | '1,y=2' is not a number, .*write for example x=2
grad 'ln(a)' a=1                                    | did you mean 'log'
grad 'tahn(a)' a=1                                  | did you mean 'tanh'
grad 'tanh a' a=1                                   | write tanh\(a\)
grad 'b + |a*2|' a=1 b=1                            | write abs\(a\*2\)
grad 'a = a*2' a=1                                  | call the step something else
grad a a=0,5                                        | write for example a=0.5
grad a a=1 a=2                                      | a name was given twice
grad a*bb a=1 bb=2 --explain b                      | called 'b'.*did you mean 'bb'
grad a a=1 --source pyton                           | did you mean 'python'
grad '(a' a=1                                       | '\(' was never closed
grad 'import os'                                    | cannot read 'import os' .*only formulas
grad '__import__("os")'                             | cannot read '"os"' .*use numbers, names
grad a.b a=1                                        | cannot read 'a.b' .*use numbers, names
grad 'f(x)' x=1                                     | no function 'f'; `ops` lists them
grad 'tanh(a, b)' a=1 b=2                           | tanh takes 1 input, got 2
grad a*b a=1                                        | b has no value: add b=NUMBER
grad a*b a=1 b=                                     | '' is not a number, in 'b=': write for example b=2
grad a*b a=1 b=two                                  | 'two' is not a number
grad a*b a 1 b 2                                    | 'a' is not NAME=NUMBER: write for example a=2
grad x=3 x**2                                       | 'x\*\*2' is not NAME=NUMBER: .*after the expression
grad a*b a=1 b=2 c=3                                | c is not in 'a\*b', whose names are a, b
grad width*2 widht=3                                | add width=NUMBER; widht is not in .*did you mean 'width'
grad width*2 width=3 widht=3                        | widht is not in .*did you mean 'width'
grad 3*4 a=1                                        | a is not in '3\*4', which has no names
grad 3*4 a=1 b=2                                    | a, b are not in '3\*4'
grad tanh a b                                       | 'a' is not NAME=NUMBER: write for example a=2
grad a a=1 ''                                       | NAME=NUMBER: it is empty
grad a a=1 --svg                                    | --svg: expected one argument
grad a a=1 --svg ''                                 | --svg: it is empty
grad a a=1 --svg x.bmp                              | x.bmp: the name of this file must end in .svg or
grad a a=1 --svg nowhere/x.svg                      | nowhere: there is no such folder: make it first
grad a a=1 --svg note/x.svg                         | note: this is a file, and no folder
grad a a=1 --svg folder.svg                         | folder.svg: this is a folder: add the name
grad a a=1 --svg mine.svg                           | mine.svg: .*did not write it: choose another name
grad a a=1 --svg flowers.csv                        | flowers.csv: .*must end in .svg
grad a a=1 --svg folder                             | folder: .*must end in .svg
grad a a=1 --svg .svg                               | \.svg: the name of this file must end in
grad a a=1 --svg --check                            | --svg: expected one argument
grad a --svg=x.svg=1 a=1                            | x.svg=1: .*must end in
grad a a=1 --source cobol                           | --source: .*'cobol' \(choose from python
grad a a=1 --explain zz                             | called 'zz': there is a
grad a a=1 --explain a --source python              | --source prints a program.* or --explain
grad a a=1 --explain --svg x.svg --source latex     | --source prints a program.* or --explain and --svg
grad a a=1 --exact                                  | say --source python
grad a a=1 --exlpain                                | no option '--exlpain', did you mean '--explain'
grad --exlpain                                      | no option '--exlpain', did you mean '--explain'
check 3*4                                           | nothing to check: no name was given a number
check a a=1 --order 3                               | --order: .*'3' \(choose from 1, 2
check a a=1 --order two                             | --order: .*'two' \(choose from 1, 2
check a a=1 --order -1                              | --order: .*'-1'
check a a=1 --order 1.0                             | --order: .*'1.0'
check a a=1 --order ''                              | --order: .*''
check a a=1 --steps                                 | --steps: expected one argument
check a a=1 --steps ''                              | --steps: it is empty
check a a=1 --steps a --svg flowers.csv             | flowers.csv: .*must end in .svg
check a a=1 --steps a --svg mine.svg                | mine.svg: .*did not write it
check a a=1 --setps a                               | did you mean '--steps'
check a a=1 --svg x.svg                             | say --steps NAME with it
check a a=1 --steps a --order 2                     | leave out --order
check abc*d abc=1 d=2 --steps acb                   | --steps acb is none of the names, did you mean 'abc'
check log(a) a=-1                                   | so it has no slope to compare with
grad a a=1 -o x.svg                                 | no option '-o'
ops tahn                                            | no operation 'tahn', did you mean 'tanh'
ops --all                                           | no option '--all'
ops ''                                              | NAME: it is empty
ops tanh siin                                       | no operation 'siin', did you mean 'sin'
ops -n tanh                                         | no option '-n'
page                                                | required: expression
page a                                              | a has no value
page a a=1 -o x.pdf                                 | x.pdf: .*must end in .html or
page a a=1 -o ''                                    | -o/--output: it is empty
page a a=1 -o nowhere/x.html                        | nowhere: there is no such folder
page a a=1 -o mine.html                             | mine.html: .*did not write it
page a a=1 -o flowers.csv                           | flowers.csv: .*must end in .html
page a a=1 -o folder                                | folder: .*must end in .html
page a a=1 --title                                  | --title: expected one argument
page a a=1 --titel X                                | did you mean '--title'
order 'a*' a=1                                      | cannot read 'a\*'
order a*b a=1                                       | b has no value
order a*b a=1 b=2 c=3                               | c is not in 'a\*b'
order a*b a=1 b=nil                                 | 'nil' is not a number
order a*b a=1 b=2 --svg x.svg                       | no option '--svg'
demo --epochs 0                                     | --epochs: '0' is not a whole number from 1
demo --epochs 1e3                                   | --epochs: '1e3' is not a whole number
demo --seed 1.5                                     | --seed: '1.5' is not a whole number
demo --out note                                     | note: this is a file, and no folder
demo --out note/x                                   | note is a file, and no folder: choose another
demo --out pictures                                 | loss.svg: .*did not write it
demo extra                                          | no place for 'extra'
demo --seed -1                                      | --seed: '-1' is not a whole number
demo --seed                                         | --seed: expected one argument
demo --epochs 99999999999999999999                  | --epochs: '9+' is not a whole number
demo --out ''                                       | --out: it is empty
demo --sed 1                                        | did you mean '--seed'
zoo nothing                                         | no 'nothing' \(there are .*micrograd
zoo --report x.md                                   | say --all with it
zoo --doctor                                        | --doctor goes with the name of a system
zoo --seed 1                                        | --seed goes with the name of a system
zoo --backend numpy                                 | --backend goes with the name
zoo ''                                              | NAME: it is empty
zoo micrograd vae                                   | no place for 'vae'
zoo microgard                                       | did you mean 'micrograd'
zoo micrograd --report x.md                         | say --all with it
zoo --all --data x.txt                              | leave NAME, --data and --epochs out
zoo --all --report folder                           | folder: this is a folder
zoo microgpt --data nowhere.txt                     | nowhere.txt: there is no such file
zoo micrograd --seed -3                             | --seed: '-3' is not a whole number
zoo micrograd --epochs 0                            | --epochs: '0' is not a whole number
zoo micrograd --epochs nan                          | --epochs: 'nan' is not a whole number
zoo micrograd --data flowers.csv                    | micrograd brings its own data: leave --data out
zoo micrograd --seed 1e3                            | --seed: '1e3' is not
zoo micrograd --backend cuda                        | --backend: .*'cuda'
zoo --learner note                                  | --learner goes with the name of a system
zoo rnn --learner note                              | --learner goes with micrograd, perceptron and microgpt
zoo micrograd --learner nowhere.py                  | nowhere.py: there is no such file
zoo micrograd --learner flowers.csv                 | flowers.csv: Line 1 of your Value
zoo micrograd --seed 1 --learner note               | as it was published: leave --seed out
zoo micrograd --out note                            | note: this is a file, and no folder
leak xyz                                            | the leak lab has no 'xyz' \(there are .*vanishing
leak vanishing --seed -3                            | --seed: '-3' is not a whole number
leak vanishing --out note                           | note: this is a file, and no folder
leak vanishing --all                                | leave NAME out
leak --small                                        | --small goes with the name of a leak
leak vanshing                                       | did you mean 'vanishing'
leak vanishing --seed                               | --seed: expected one argument
leak vanishing --out ''                             | --out: it is empty
leak vanishing --epochs 3                           | no option '--epochs'
leak --all --out note                               | note: this is a file
learn chekc                                         | 'chekc', did you mean 'check'
learn ''                                            | ACTION: .*''
learn parabola                                      | 'parabola', did you mean 'check parabola'.* from start, check
learn --all                                         | no option '--all'
learn start                                         | required: FOLDER
learn start ''                                      | FOLDER: it is empty
learn start note                                    | note: this is a file, and no folder
learn start a b                                     | no place for 'b'
learn start folder --dir x                          | learn start: there is no option '--dir'
learn check                                         | no exercises in .*learn start course
learn check --dir nowhere                           | no exercises in nowhere: .*learn start
learn check --dir ''                                | --dir: it is empty
learn check --al                                    | no exercises in
learn list --dri folder                             | learn list: there is no option '--dri', did you mean '--dir'
learn hint --level 0                                | --level: '0' is not a whole number
learn hint --level two                              | --level: 'two' is not
learn solution --reveal=now                         | --reveal: ignored explicit argument 'now'
learn reset                                         | required: EXERCISE
learn status --jsn                                  | learn status: there is no option '--jsn', did you mean '--json'
learn author                                        | required: FILE.py
learn author nowhere.py                             | nowhere.py: there is no such file in /
learn author note                                   | note: an exercise is a file of Python
learn author nowhere.py --out ''                     | --out: it is empty
learn author nowhere.py --out                        | --out: expected one argument
grade                                               | the folder with the submissions is missing
grade nowhere                                       | nowhere: there is no such folder
grade folder.svg                                    | folder.svg has no submissions: put a folder, or a file of Python
grade note                                          | note is no folder
grade pictures more                                 | there is no place for 'more'
grade class --rubric                                | --rubric: expected one argument
grade class --rubric ''                             | --rubric: it is empty
grade class --rubric nowhere.toml                   | nowhere.toml: there is no such file
grade class --rubric folder                         | folder: this is a folder
grade class --rubric note                           | note is no TOML
grade class --rubrik note                           | no option '--rubrik', did you mean '--rubric'
grade class --out                                   | --out: expected one argument
grade class --out note                              | note: this is a file, and no folder
grade class --seed x                                | --seed: 'x' is not a whole number from 0
grade class --jobs 0                                | --jobs: '0' is not a whole number from 1 up
grade class --gradescope                            | --gradescope writes files: say where, with --out
grade class --otter                                 | --otter: expected one argument
grade class --otter tests                           | --otter writes test files and grades nobody
practice --level 6                                  | --level: invalid choice: 6 .*choose from 1, 2, 3, 4, 5
practice --level three                              | --level: 'three' is not a whole number
practice 3                                          | no place for '3'
practice --seed x                                   | --seed: 'x' is not a whole number
practice --count 0                                  | --count: '0' is not a whole number
practice --answers                                  | --answers belongs to --worksheet
practice --worksheet                                | --worksheet: expected one argument
practice --worksheet ''                             | --worksheet: it is empty
practice --worksheet sheet.txt                      | sheet.txt: .*must end in .html or .htm or .md
practice --worksheet nowhere/sheet.md               | nowhere: there is no such folder
practice --worksheet sheet.md --picture x.svg       | --picture is for practice on the screen
practice --picture graph.txt                        | graph.txt: .*must end in .svg
practice --picture nowhere/graph.svg                | nowhere: there is no such folder
learn watch --dir note                              | no exercises in note
train                                               | required: DATA
train ''                                            | DATA: it is empty
train nowhere                                       | no data called 'nowhere' \(there are moons
train moon                                          | 'moon', did you mean 'moons'
train zzz.csv                                       | zzz.csv: there is no such file in /
train flower.csv                                    | flower.csv: .*did you mean 'flowers.csv'
train nowhere/f.csv --target y                      | no folder 'nowhere'
train folder --target y                             | folder: this is a folder: add the name of a file
train locked.csv --target y                         | locked.csv: .*change its permissions
train empty.csv --target y                          | empty.csv: the file is empty; its first line should
train header.csv --target c                         | no other line follows: a, b, c; add a line
train binary.csv --target c                         | binary.csv: this is no UTF-8 text .*--encoding cp1252
train model.json --target kind                      | no CSV file but JSON: save it as CSV
train http://x.org/f.csv --target y                 | only files of this machine are read: download
train flowers.csv                                   | Add --target COLUMN: width, height, kind
train flowers.csv --target knid                     | no column is named 'knid' \(did you mean 'kind'
train flowers.csv kind                              | no place for 'kind'
train --traget kind                                 | no option '--traget', did you mean '--target'
train -- --target kind                              | no place for|'--target'
train moons -- --epochs 3                           | '--epochs' comes after `--`, which ends
train flowers.csv --target kind --features ''       | --features: it is empty
train flowers.csv --target kind --features widht    | 'widht' \(did you mean 'width'
train flowers.csv --target kind --features kind     | at least one column to predict 'kind' from
train flowers.csv --target kind --features width,width | 'width' is in features twice: name it once
train flowers.csv --target kind --features width --ignore width | in features and in ignore: leave it out of one
train flowers.csv --target kind --features width --text height | in text, but not in features: add it
train flowers.csv --target kind --ignore kind       | in ignore and in target: leave it out of one
train flowers.csv --target kind --ignore width,height | at least one column to predict 'kind' from
train flowers.csv --target kind --text kind         | in text and in target: .*say --kind class
train flowers.csv --target kind --kind regression   | --kind: .*'regression' \(choose from class, number
train flowers.csv --target kind --kind number       | line 2: .*'rose', .*or say --kind class
train flowers.csv --target kind --missing zero      | --missing: .*'zero' \(choose from drop, mean
train flowers.csv --target kind --header no         | no column is named 'kind'; the columns are: column 1
train flowers.csv --target kind --class-weights tulip=1 | no class is called 'tulip'; the classes are iris
train flowers.csv --target kind --class-weights iris | write balanced, or iris=2
train flowers.csv --target kind --loss hinge --class-weights balanced | are options of cross_entropy
train flowers.csv --target kind --loss mse          | --loss mse is not for classes: cross_entropy or hinge
train flowers.csv --target kind --test 0.97         | too few to test on 97%.*iris is on
train flowers.csv --target kind --delimiter ab      | --delimiter: 'ab' is not one sign
train flowers.csv --target kind --decimal x         | --decimal: .*'x' \(choose from '.', ','
train flowers.csv --target kind --decimal ,         | line \d+: column 'width' is .*no number with --decimal
train flowers.csv --target kind --encoding klingon  | no encoding is called 'klingon': 'utf-8'
train flowers.csv --target kind --encoding ''       | --encoding: it is empty
train flowers.csv --target kind --header maybe      | --header: .*'maybe' \(choose from yes, no
train numbers.csv --target price --loss hinge       | --loss hinge is not for a number: mse or huber
train numbers.csv --target price --class-weights balanced | options of cross_entropy, for classes, and the loss is mse
train moons --hidden x                              | --hidden: 'x' is not a list of sizes such as 16,16
train moons --hidden 16,0                           | --hidden: '16,0': every layer needs
train moons --hidden 1000000000000                  | --hidden 1000000000000 makes .* room for
train moons --activation tnah                       | no activation 'tnah': choose one of
train moons --activation maximum                    | more than one input
train moons --epochs 0                              | --epochs: '0' is not a whole number from 1
train moons --batch 0                               | --batch: '0' is not a whole number from 1
train moons --loss zzz                              | --loss: .*'zzz' \(choose from cross_entropy
train moons --class-weights 7=1                     | no class is called '7'; the classes are 0, 1
train moons --class-weights 0=1,0=2                 | 0 has two weights: give it one
train moons --class-weights 0=-1                    | '-1' is not a positive number; write balanced
train moons --label-smoothing 1                     | '1' is not a share between 0 and 1
train moons --optimizer lion                        | --optimizer: .*'lion' \(choose from adam
train moons --lr nan                                | --lr: 'nan' is not a positive number
train moons --lr 0,01                               | --lr: '0,01' is not a positive number: write 0.01
train moons --test 12,5%                            | --test: .*: write 12.5%
train moons epochs=5                                | no place for 'epochs=5', did you mean '--epochs 5'
train moons -epochs 5                               | no option '-epochs', did you mean '--epochs'
train moons --schedule zigzag                       | --schedule: .*'zigzag' \(choose from linear
train moons --weight-decay -1                       | --weight-decay: '-1' is not a positive number, nor 0
train moons --test 2                                | --test: '2' is not a share
train moons --test 99.9%                            | too few to test on 99.9%
train moons --validation 0.999                      | too few to set 99.9%
train moons --patience 0                            | --patience: '0' is not a whole number from 1
train moons --backend cuda                          | --backend: .*'cuda' \(choose from auto
train moons --seed -1                               | --seed: '-1' is not a whole number from 0
train moons --seed 99999999999                      | --seed: '99999999999' is not a whole number
train moons --target y                              | --target is about a CSV file, and moons is none
train moons --decimal ,                             | --decimal is about a CSV file, and moons is none
train moons --save x.txt                            | x.txt: the name of this file must end in .json
train moons --save nowhere/m.json                   | nowhere: there is no such folder: make it first
train moons --save mine.json                        | mine.json: .*did not write it
train moons --plot x.jpg                            | x.jpg: .*must end in .svg or .png or .pdf
train moons --plot folder.svg                       | folder.svg: this is a folder
train moons --history x.txt                         | x.txt: .*must end in .csv or .json
train moons --history mine.csv                      | mine.csv: .*did not write it
train moons --history model.json                    | model.json: .*it is a model, which would be lost
train moons --save told.json                        | told.json: .*it is a tinygrad_edu history, which
train moons --save new.json --history ./new.json    | new.json cannot hold two things
train moons --record x.json                         | x.json: .*must end in .html or .htm
train moons --record nowhere/x.html                 | nowhere: there is no such folder: make it first
train moons --record x.html --plot x.html           | x.html cannot hold two things
train moons --resume nowhere.json                   | nowhere.json: there is no such file
train moons --resume mine.json                      | mine.json is not a model .*written by
train moons --resume model.json                     | model.json has learned flowers.csv, which is not moons
train flowers.csv --resume model.json --hidden 4    | --hidden and --activation belong to a new model
train flowers.csv --resume model.json --features width | --features belongs to a new model: .*leave it out
train flowers.csv --resume model.json --target width | predicts 'kind', not 'width'
train flowers.csv --resume model.json --test 0.5    | tested on 20% of the rows
predict                                             | required: MODEL.json, FILE.csv
predict model.json                                  | required: FILE.csv
predict --encodng utf-8                             | no option '--encodng', did you mean '--encoding'
predict nowhere.json flowers.csv                    | nowhere.json: there is no such file
predict modle.json flowers.csv                      | did you mean 'model.json'
predict folder flowers.csv                          | folder: this is a folder
predict mine.json flowers.csv                       | mine.json is not a model .*`tinygrad-edu train
predict empty.csv flowers.csv                       | empty.csv is not a model .*not JSON
predict binary.csv flowers.csv                      | binary.csv is not a model
predict flowers.csv model.json                      | flowers.csv is not a model .*not JSON
predict model.json nowhere.csv                      | nowhere.csv: there is no such file
predict model.json model.json                       | no CSV file but JSON
predict model.json empty.csv                        | empty.csv: the file is empty
predict model.json numbers.csv                      | no column is named 'width'; the columns are: a, b, price
predict model.json flowers.csv -o x.txt             | x.txt: .*must end in .csv
predict model.json flowers.csv -o ''                | -o/--output: it is empty
predict model.json flowers.csv -o mine.csv          | mine.csv: .*did not write it
predict model.json flowers.csv -o flowers.csv       | flowers.csv: .*did not write it
predict model.json flowers.csv -o nowhere/p.csv     | nowhere: there is no such folder
predict model.json flowers.csv --encoding klingon   | no encoding is called 'klingon'
predict model.json flowers.csv --decimal ,          | no number with --decimal
predict model.json flowers.csv --delimiter ab       | --delimiter: 'ab' is not one sign
predict model.json flowers.csv --missing zero       | --missing: .*'zero' \(choose from drop, mean
predict model.json flowers.csv --header no          | 'width'; the columns are: column 1
predict model.json flowers.csv --keep widht         | 'widht' \(did you mean 'width'
predict model.json flowers.csv --keep width,width   | in keep twice
predict model.json flowers.csv --keep               | --keep: expected one argument
predict model.json flowers.csv --target kind        | no option '--target'
doctor                                              | required: MODEL.json
doctor nowhere.json                                 | nowhere.json: there is no such file
doctor mine.json moons                              | mine.json is not a model .*`tinygrad-edu train
doctor flowers.csv model.json                       | flowers.csv is not a model .*not JSON
doctor model.json                                   | has learned flowers.csv: give the doctor data
doctor model.json moons                             | model.json has learned flowers.csv, which is not moons
doctor model.json moon                              | 'moon', did you mean 'moons'
doctor model.json nowhere.csv                       | nowhere.csv: there is no such file
doctor model.json numbers.csv                       | no column is named 'width'; the columns are: a, b, price
doctor model.json bare.csv                          | bare.csv has no column 'kind', which model.json predicts
doctor model.json flowers.csv --target width        | predicts 'kind', not 'width'
doctor model.json flowers.csv --loss mse            | --loss mse is not for classes: cross_entropy or hinge
doctor model.json flowers.csv --loss zzz            | --loss: .*'zzz' \(choose from cross_entropy
doctor model.json flowers.csv --samples 0           | --samples: '0' is not a whole number from 1
doctor model.json flowers.csv --json x.txt          | x.txt: .*must end in .json
doctor model.json flowers.csv --json mine.json      | mine.json: .*did not write it
doctor model.json flowers.csv --json told.json      | told.json: .*it is a tinygrad_edu history, which
doctor model.json flowers.csv --json ./model.json   | ./model.json: .*it is a model, which would be lost
doctor model.json flowers.csv --svg x.jpg           | x.jpg: .*must end in .svg or .png or .pdf
doctor model.json flowers.csv --svg mine.svg        | mine.svg: .*did not write it
doctor model.json flowers.csv --svg nowhere/x.svg   | nowhere: there is no such folder: make it first
doctor model.json flowers.csv --delimiter ab        | --delimiter: 'ab' is not one sign
doctor model.json flowers.csv --decimal ,           | no number with --decimal
doctor model.json flowers.csv --encoding klingon    | no encoding is called 'klingon'
doctor model.json flowers.csv --header no           | 'width'; the columns are: column 1
doctor model.json flowers.csv --missing zero        | --missing: .*'zero' \(choose from drop, mean
""".strip("\n")
TABLE = [tuple(line.rsplit(" | ", 1)) for line in MISTAKES.splitlines()]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with data, models, and files of somebody else."""
    here = tmp_path_factory.mktemp("mistakes")
    rng = random.Random(0)
    rows = [
        f"{rng.gauss(a, 0.5):.3f},{rng.gauss(b, 0.5):.3f},{kind}\n"
        for kind, a, b in (("rose", 1, 5), ("iris", 4, 1), ("lily", 8, 7))
        for _ in range(8)
    ]
    texts = {
        "flowers.csv": "width,height,kind\n" + "".join(rows),
        "numbers.csv": "a,b,price\n" + "".join(f"{x},{y},{2 * x + y + 0.5}\n" for x in range(6) for y in range(5)),
        "empty.csv": "", "header.csv": "a,b,c\n", "bare.csv": "width,height\n1,5\n",
        "locked.csv": "a,y\n1,2\n", "note": "a file", "mine.csv": "x\nmine\n",
        "mine.json": '{"a": 1}', "mine.svg": "<svg>mine</svg>", "mine.html": "<html>mine</html>",
        "pictures/loss.svg": "mine", "class/ada.py": "x = 1\n",
    }  # fmt: skip
    for name in ("folder", "folder.svg", "pictures", "class"):
        (here / name).mkdir()
    for name, text in texts.items():
        (here / name).write_text(text)
    (here / "binary.csv").write_bytes(bytes(range(256)) * 4)
    with pytest.MonkeyPatch.context() as m:
        m.chdir(here)
        assert (
            main("train flowers.csv --target kind --epochs 1 --quiet --save model.json --history told.json".split())
            == 0
        )
    return here


def contents(folder):
    return {str(path): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


@pytest.mark.parametrize(("line", "says"), TABLE, ids=[line.strip() or "nothing" for line, _ in TABLE])
def test_a_mistake_is_one_line_and_changes_nothing(line, says, folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    before, plain = contents(folder), pathlib.Path.open

    def opened(path, *how, **named):  # whoever runs this may be root, who may read everything
        if path.name == "locked.csv":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return plain(path, *how, **named)

    with monkeypatch.context() as m:
        m.setattr(pathlib.Path, "open", opened)
        try:
            status = main(shlex.split(line))
        except SystemExit as end:
            status = end.code
    out, err = capsys.readouterr()
    assert (status, out, err.count("\n")) == (2, "", 1), err
    assert re.search(says, err) and err.startswith("tinygrad-edu"), err
    assert contents(folder) == before


@pytest.mark.parametrize("line", ["train flowers.csv --target kind --features", "predict model.json flowers.csv --keep",
                                  "train flowers.csv --target kind --class-weights"])  # fmt: skip
@pytest.mark.parametrize("names", ["a\nb", "a,b\r\nc", "\n,x"])
def test_a_line_break_in_a_list_of_names_is_a_mistake_and_one_in_quotes_is_not(
    line, names, folder, monkeypatch, capsys
):
    monkeypatch.chdir(folder)
    with pytest.raises(SystemExit) as end:
        main([*line.split(), names])
    err = capsys.readouterr().err
    assert end.value.code == 2 and err.count("\n") == 1 and "is no list of names such as a,b" in err
    assert main([*line.split(), f'"{names}"']) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1 and "is no list of names" not in err


@pytest.mark.parametrize("line", ["grad {}*2", "grad a*{} a=1", "ops {}", "page a a=1 -o {}", "train {}", "zoo {}",
                                  "train moons --seed {}", "check a a=1 --steps {}", "{}"])  # fmt: skip
def test_a_word_without_end_is_not_said_back_whole(line, folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    try:
        status = main(line.format("x" * 5000).split())
    except SystemExit as end:
        status = end.code
    err = capsys.readouterr().err
    assert status == 2 and err.count("\n") == 1 and "xxx" in err and len(err) < 900


@pytest.mark.parametrize("line", ["grad a*b --explain a a=2 b=3", "grad a*b a=2 --check b=3",
                                  "check --order 2 a*b a=2 b=3", "check a*b --steps a a=2 b=3",
                                  "grad a*b --source latex a=2 b=3"])  # fmt: skip
def test_names_may_have_their_numbers_after_an_option(line, capsys):
    options = [word for word in line.split() if "=" not in word]
    numbers = [word for word in line.split() if "=" in word]
    assert main(line.split()) == 0
    said = capsys.readouterr().out
    assert main([options[0], "a*b", *numbers, *(word for word in options[1:] if word != "a*b")]) == 0
    assert capsys.readouterr().out == said


def test_the_table_knows_every_command_and_every_option_with_an_argument(folder):
    typed = [line.split() for line, _ in TABLE]
    commands = [((name,), one) for name, one in parser()._subparsers._group_actions[0].choices.items()]
    for name, command in commands:  # it grows: a command may have actions of its own
        words = {word for line in typed if tuple(line[: len(name)]) == name for word in line}
        known = [action.option_strings[0] for action in command._actions if action.option_strings and action.nargs != 0]
        assert words and not {*known} - words - {"--dir"}, name
        for action in command._subparsers._group_actions if command._subparsers else ():
            commands += [((*name, word), one) for word, one in action.choices.items()]


BUGS = [
    ("grad a*b a=2 b=3 --explain", "tinygrad_edu.explanation.walk.chain_rule"),
    ("grad a*b a=2 b=3", "tinygrad_edu.engine.Value.backward"),
    ("page a*b a=2 b=3 -o bug.html", "tinygrad_edu.webpage.topological"),
    ("order a*b a=2 b=3", "tinygrad_edu.order.chain_rule"), ("ops", "tinygrad_edu.text.local_gradients"),
    ("demo --out bugs", "tinygrad_edu.cli.demo.parse"),
    ("train moons --quiet --epochs 1", "tinygrad_edu.optim.Adam.update"),
    ("train flowers.csv --target kind", "tinygrad_edu.data.table._codes"),
    ("predict model.json flowers.csv", "tinygrad_edu.functional.softmax"),
    ("doctor model.json flowers.csv", "tinygrad_edu.doctor.Evidence"),
    ("zoo micrograd --small --out bugs", "tinygrad_edu.zoo.Run.begin"),
    ("leak vanishing --small --out bugs", "tinygrad_edu.zoo.Run.begin"),
]  # fmt: skip


@pytest.mark.parametrize("error", [
    TypeError("ours"), ValueError("ours"), KeyError("ours"), AttributeError("ours"), OSError("ours"),
    ImportError("ours"),
    FileNotFoundError(errno.ENOENT, "ours", str(pathlib.Path(tinygrad_edu.__file__).parent / "data" / "nothing.csv")),
], ids=lambda e: type(e).__name__)  # fmt: skip
@pytest.mark.parametrize(("line", "where"), BUGS, ids=[line.split()[0] for line, _ in BUGS])
def test_a_bug_of_ours_shows_its_traceback_in_every_command(line, where, error, folder, tmp_path, monkeypatch):
    def broken(*args, **named):
        raise error

    monkeypatch.chdir(tmp_path)
    for name in ("flowers.csv", "model.json"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    monkeypatch.setattr(where, broken)
    with pytest.raises(type(error)) as caught:
        main(shlex.split(line))
    assert caught.value is error
