package qt

import "reflect"

// SourceLocation is what a registry knows of an object (Qt: QRemoteObjectSourceLocation).
type SourceLocation struct {
	Name     string `json:"name"`
	TypeName string `json:"type"` // of the class; "" for a plain QObject
	URL      URL    `json:"url"`  // of the host
	// URL5 is where the host speaks protocol 1.3, if that is another URL. It takes URL's place in streams of Qt 5.
	URL5 URL `json:"url5,omitempty"`
}

// SourceLocations is the content of a registry (Qt: QRemoteObjectSourceLocations).
type SourceLocations []SourceLocation

func init() {
	builtin.add(&Type{kind: kindCodec, name: "std::pair<QString,QRemoteObjectSourceLocationInfo>", name5: "QRemoteObjectSourceLocation",
		goType: reflect.TypeFor[SourceLocation](), codec: wrap(Codec[SourceLocation]{decodeLocation, encodeLocation})})
	builtin.add(&Type{kind: kindCodec, name: "QHash<QString,QRemoteObjectSourceLocationInfo>", name5: "QRemoteObjectSourceLocations",
		goType: reflect.TypeFor[SourceLocations](), codec: wrap(Codec[SourceLocations]{decodeLocations, encodeLocations})})
}

func decodeLocation(r *Reader) SourceLocation {
	return SourceLocation{Name: r.Name(), TypeName: r.Name(), URL: URL(r.ByteString())}
}

func encodeLocation(w *Writer, l SourceLocation) {
	w.Text(l.Name)
	if l.TypeName == "" {
		w.NullText()
	} else {
		w.Text(l.TypeName)
	}
	u := l.URL
	if l.URL5 != "" && (w.Format().Version == Qt5_12 || u == "") {
		u = l.URL5
	}
	w.ByteString(string(u))
}

func decodeLocations(r *Reader) SourceLocations {
	n := r.Count(12)
	all := make(SourceLocations, 0, n)
	for len(all) < n && r.Err() == nil {
		all = append(all, decodeLocation(r))
	}
	return all
}

func encodeLocations(w *Writer, all SourceLocations) {
	w.Uint32(uint32(len(all)))
	for _, l := range all {
		encodeLocation(w, l)
	}
}
