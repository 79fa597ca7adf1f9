//! One binary, modules by what they prove.

mod accounts;
mod ai;
mod ai_function;
mod backup;
mod billing;
mod content;
mod contract;
mod deployments;
mod folders;
mod ideas;
mod idempotency;
mod job_queue;
mod jobs;
mod keywords;
mod media;
mod openai;
mod planner;
mod preview;
mod providers;
mod revisions;
mod schedules;
mod sites;
mod tenancy;
mod terms;
mod visitors;
