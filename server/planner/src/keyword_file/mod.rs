//! Files of keywords as keyword tools export them.
