// Package certs is about certificates: who a process is, whom it trusts, and how both are kept up to date.
//
// A [Config] is what the secure transports take.
package certs
