// Package core is a node of a Qt Remote Objects network: it remotes objects of this process, its sources, and acquires
// replicas of objects elsewhere, which a registry tells where to find.
//
// # Hosting
//
// A [Host] remotes each [Source] under a name. A source is made from a [Class], which says what a .rep file would say, or
// from any struct by [SourceOf]. It sets properties, emits signals, and answers slots with functions ([Source.Handle]).
//
// # Replicas
//
// A [Node] connects to hosts by URL ([Node.Connect]) or finds them through a registry ([Node.SetRegistry]). [Node.Acquire]
// returns a replica with a class that is known, [Node.AcquireDynamic] one that learns it from the host. A replica has the
// source's properties, tells of changes and signals, and calls slots. A [Host] is a node, too, and a [RegistryHost] is a host.
//
// # Connections
//
// URLs pick a [Transport] by their scheme. This package has none itself: import the packages of those you use, such as
//
//	import _ "github.com/go-qtro/qtro/transports/tcp"
//
// A connection can also be made elsewhere and given to both sides ([Host.AddHostSideConnection],
// [Node.AddClientSideConnection]), or be opened by a handler of a URL scheme ([Node.RegisterExternalSchema]).
//
// # Versions
//
// A host speaks protocol 2.0, Qt 6's, and on listeners with the option [Qt5] protocol 1.3, which Qt 5 understands. A node
// speaks what the host announces.
package core
