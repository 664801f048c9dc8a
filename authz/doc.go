// Package authz decides what the peers of a host may do, by policies in the language Cedar (https://docs.cedarpolicy.com)
// that lie in files beside the program and can be changed while it runs:
//
//	policies, err := authz.Open(authz.Config{}, "/etc/plant/policies")
//	…
//	defer policies.Close()
//	host := core.NewHost(core.Config{Authorizer: policies})
//
// # What is decided
//
// Each request is a principal that wants to do an action with a resource, and nothing is allowed unless a policy permits it.
// If one permits and another forbids, it is forbidden. There is no order among policies.
//
// The principal is a Peer. Its id is the identity that the transport has made sure of: Peer::"spiffe://plant/panel",
// Peer::"dns:panel.plant.example", Peer::"uid:1000". Peers that have none, such as those that come by plain tcp, are all
// Peer::"", and a policy for any principal is for them as well. What else is known of a peer are its attributes:
//
//	identity, scheme, security, subject   strings
//	dns, uris                             sets of strings, from its certificate
//	ip                                    an ipaddr, if it came by a network: principal has ip && principal.ip.isInRange(ip("10.1.0.0/16"))
//	uid, gid                              integers, if it came by a local socket and the system tells
//
// The actions and their resources are those of [core.Action]:
//
//	see, acquire, register    with an Object, whose id is its name
//	read, write, call         with a Member of an object, whose id is both names: Member::"Boiler.setLevel"
//
// Action::"observe" is see, acquire and read; Action::"use" is these, write and call. A resource of either type is in its
// object: resource in Object::"Boiler" is for the boiler and all its members. Both have the attributes object and class, a
// Member also has member, for conditions such as resource.member like "set*". A member of a child object is named by its
// path, gauge.label. A replica is of little use to a peer that may only read: it needs see and acquire, as Action::"observe"
// has them.
//
// A registry is an object, Object::"Registry". To look names up, a peer needs Action::"observe" with it; to enter names, it
// also has to call its slots addSource and removeSource, and to register each name. Of the names in it, a peer gets to know
// those that it may see.
//
// A peer can be in a Role, and an Object in an Area. The file entities.json says which are:
//
//	[{"uid": {"type": "Peer", "id": "spiffe://plant/panel"}, "attrs": {}, "parents": [{"type": "Role", "id": "panels"}]},
//	 {"uid": {"type": "Object", "id": "Boiler"}, "attrs": {}, "parents": [{"type": "Area", "id": "boiler house"}]}]
//
// # A plant
//
// These policies are those of testdata/plant:
//
//	// Operator panels may look at everything in the boiler house, and call two slots.
//	@id("panels-observe")
//	permit (principal in Role::"panels", action in Action::"observe", resource in Area::"boiler house");
//
//	@id("panels-operate")
//	permit (principal in Role::"panels", action == Action::"call", resource in Area::"boiler house")
//	when { ["acknowledge", "setTarget"].contains(resource.member) };
//
//	// Maintenance may use everything, if it came with a certificate.
//	@id("maintenance")
//	permit (principal in Role::"maintenance", action in Action::"use", resource)
//	when { principal.security == "authenticated" };
//
//	// Whoever has a certificate may use the registry. Which names it gets to know there depends on what it may see.
//	@id("registry")
//	permit (principal, action in Action::"use", resource in Object::"Registry")
//	when { principal.security == "authenticated" };
//
//	// Hosts register the names that begin with their own, and find each other.
//	@id("hosts-register")
//	permit (principal == Peer::"spiffe://plant/boiler", action == Action::"register", resource)
//	when { resource.object like "Boiler*" };
//
//	@id("hosts-see")
//	permit (principal == Peer::"spiffe://plant/boiler", action in [Action::"see", Action::"acquire"], resource);
//
//	// Whatever else is permitted: nobody resets a boiler without a certificate.
//	@id("no-strangers")
//	forbid (principal, action == Action::"call", resource)
//	when { resource.member like "reset*" }
//	unless { principal.security == "authenticated" };
//
// # Files
//
// Each path given to [Open] is a file, or a directory of which all files *.cedar are read. The file entities.json beside
// them is read if it is there. The order of files does not matter. The name of a policy in errors and explanations is its
// annotation @id, or FILE:LINE.
//
// All of them are read again a moment after one has changed, also when the change is that a symbolic link on the way to them
// leads elsewhere, as where Kubernetes mounts a ConfigMap. New policies are for all decisions from then on, including those
// that connections keep. If the new files have errors, these are logged with file and line, and the policies stay as they
// were. Put files into their places by renaming: one that is half written may be free of errors and lack a forbid.
//
// # What is checked
//
// Policies must fit the schema, qtro.cedarschema (see [Schema]), when they are loaded. Unknown actions, types of entities
// and attributes are errors, as is an attribute that may be absent and is not asked for with has, a comparison of values of
// two types, or a head that no request can have. Roles and areas that nothing is in are logged. Not checked is whether
// objects, members, peers, classes and schemes of the names that policies mention exist, and whether a condition can ever be
// true. The check is the experimental one of cedar-go. A policy that cannot be evaluated, as when a sum overflows, has no
// say, even if it forbids: [Policies.Explain] tells.
//
// # Speed
//
// Decisions are remembered by what policies can know of the peer and the request, so a peer that comes back from another
// port gets those of the last time, and one by another transport does not. To look one up allocates nothing. Some 32,000 are
// remembered at most, with names of up to 256 bytes.
package authz
