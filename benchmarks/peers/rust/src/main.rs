// W1 for rustygrad, an engine of scalars in Rust: one node for each multiplication and each addition.
// It speaks the lines that worker.py describes.

use rustygrad::Value;
use std::io::{self, BufRead, Write};
use std::time::Instant;

/// All numbers of `"key": ...`, however deep in lists.  The problem is flat enough to be read without a JSON library.
fn numbers(text: &str, key: &str) -> Vec<f64> {
    let from = text.find(&format!("\"{key}\":")).expect(key) + key.len() + 3;
    let (mut depth, mut found, mut word) = (0, Vec::new(), String::new());
    for c in text[from..].chars() {
        if c.is_ascii_digit() || "+-.eE".contains(c) {
            word.push(c);
            continue;
        }
        if !word.is_empty() {
            found.push(word.parse().expect("a number"));
            word.clear();
        }
        match c {
            '[' => depth += 1,
            ']' => depth -= 1,
            _ => {}
        }
        if depth == 0 && c != ' ' {
            break;
        }
    }
    found
}

struct Problem {
    theta: Vec<Value>,
    x: Vec<f64>,
    y: Vec<f64>,
    sizes: Vec<usize>,
    rate: f64,
    l2: f64,
}

impl Problem {
    fn loss(&self) -> Value {
        let mut total = Value::from(0.0);
        for (point, &label) in self.x.chunks(self.sizes[0]).zip(&self.y) {
            let mut layer: Vec<Value> = point.iter().map(|&x| Value::from(x)).collect();
            let mut at = 0;
            for &n_out in &self.sizes[1..] {
                let n_in = layer.len();
                layer = (0..n_out)
                    .map(|j| {
                        let w = &self.theta[at + j * (n_in + 1)..][..n_in + 1];
                        let mut sum = w[n_in].clone();
                        for (w, h) in w.iter().zip(&layer) {
                            sum = &sum + &(w * h);
                        }
                        if n_out == 1 { sum } else { sum.relu() }
                    })
                    .collect();
                at += n_out * (n_in + 1);
            }
            total = &total + &(&(&layer[0] * -label) + 1.0).relu();
        }
        let mut penalty = Value::from(0.0);
        for w in &self.theta {
            penalty = &penalty + &(w * w);
        }
        &(&total * (1.0 / self.y.len() as f64)) + &(&penalty * self.l2)
    }

    fn both(&self) -> f64 {
        for w in &self.theta {
            w.borrow_mut().grad = 0.0;
        }
        let loss = self.loss();
        loss.backward();
        let data = loss.borrow().data;
        data
    }

    fn step(&self) -> f64 {
        let loss = self.both();
        for w in &self.theta {
            let grad = w.borrow().grad;
            w.borrow_mut().data -= self.rate * grad;
        }
        loss
    }
}

fn json(numbers: &[f64]) -> String {
    format!("{:?}", numbers) // Rust writes the shortest digits that read back exactly, and lists as JSON does
}

fn main() {
    let mut lines = io::stdin().lock().lines();
    let text = lines.next().expect("the problem").expect("a line");
    let problem = Problem {
        theta: numbers(&text, "theta").into_iter().map(Value::from).collect(),
        x: numbers(&text, "X"),
        y: numbers(&text, "Y"),
        sizes: numbers(&text, "sizes").into_iter().map(|n| n as usize).collect(),
        rate: numbers(&text, "rate")[0],
        l2: numbers(&text, "l2")[0],
    };
    let parameters = || -> Vec<f64> { problem.theta.iter().map(|w| w.borrow().data).collect() };

    let loss = problem.both();
    let gradient: Vec<f64> = problem.theta.iter().map(|w| w.borrow().grad).collect();
    let start = parameters();
    problem.step();
    println!(
        "{{\"loss\": {loss:?}, \"gradient\": {}, \"start\": {}, \"moved\": {}, \"version\": \"0.1.1\"}}",
        json(&gradient), json(&start), json(&parameters())
    );
    io::stdout().flush().expect("to be heard");

    for line in lines {
        let line = line.expect("a line");
        let n: usize = line.split_whitespace().nth(1).and_then(|n| n.parse().ok()).expect("step N");
        let begin = Instant::now();
        for _ in 0..n {
            problem.step();
        }
        println!("{:?}", begin.elapsed().as_secs_f64());
        io::stdout().flush().expect("to be heard");
    }
}
