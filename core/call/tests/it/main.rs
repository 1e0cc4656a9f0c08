//! The rules of a call, told as short stories, random lives of a call, and a model of the rules
//! that the machine is compared with.

#[cfg(test)]
mod compare;
#[cfg(test)]
mod model;
#[cfg(test)]
mod random;
#[cfg(test)]
mod rules;
#[cfg(test)]
mod story;
