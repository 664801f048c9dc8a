// Package qt reads and writes Qt's values: QDataStream and QVariant, in the versions that Qt Remote Objects speaks
// ([Qt5_12] and [Qt6_2]) and in both byte orders. What Qt has written is written back byte for byte.
//
// A [Value] is a QVariant: a value with its Qt [Type]. [Reader] and [Writer] are QDataStream. [Types] finds types by
// their names in any spelling of Qt 5 or 6, with the enums and PODs that classes define.
//
// # Qt types and Go types
//
// [Value.Any] returns a Qt type's value as the Go type of the second column. [Type.Value] takes that and a
// little more. [Of] and [ValueOf] give a Go type the first Qt type that has it in this table.
//
//	Qt                          Go                  Type.Value takes besides
//	bool                        bool
//	int                         int32               any number that fits, for all number types
//	uint                        uint32
//	qlonglong, long             int64               (Of makes a qlonglong of an int, too)
//	qulonglong, ulong           uint64              (and a qulonglong of a uint)
//	double                      float64
//	float                       float32             a double is rounded
//	short, ushort               int16, uint16
//	char, signed char, uchar    int8, int8, uint8
//	QChar                       Char                any integer that fits
//	enums, flags                int32               any integer that fits; a name, flags as "A|B"
//	QString                     string              a nil *string for a null one
//	QByteArray                  []byte              nil is a null one, []byte{} an empty one
//	QDate, QTime                Date, Time          time.Time
//	QDateTime                   time.Time           the zero time is the invalid one
//	QUrl                        URL                 string, *url.URL
//	QUuid                       UUID
//	QLocale                     Locale
//	QRegularExpression          Regexp
//	QBitArray                   BitArray
//	QPoint, QPointF             Point, PointF
//	QSize, QSizeF               Size, SizeF
//	QRect, QRectF               Rect, RectF
//	QLine, QLineF               Line, LineF
//	QVariant                    any                 whatever ValueOf takes; nil is the invalid one
//	std::nullptr_t              nil
//	QModelIndex                 ModelIndex          (always the invalid one: Qt sends no other)
//	QStringList                 []string            any slice or array, for all lists
//	QVariantList                []any
//	QByteArrayList              [][]byte
//	QList<T>, QVector, QSet, …  []T
//	QVariantMap, QVariantHash   map[string]any      any map, or []Entry, for all maps
//	QMap<K,V>, QHash            map[K]V             []Entry if Go cannot have K as a key
//	QMultiMap<K,V>, QMultiHash  []Entry             any map
//	QPair<A,B>, std::pair       [2]any              any array of two
//	PODs                        map[string]any      any struct or map with the fields' names
//	QJsonObject                 map[string]any      what encoding/json can write, for all four;
//	QJsonArray                  []any               undefined and null are nil, numbers float64
//	QJsonValue, QJsonDocument   any
//	QRemoteObjectSourceLocation SourceLocation
//	….SourceLocations           SourceLocations
//	IndexList                   ModelPath           (what item models send; DataEntries are
//	MetaAndDataEntries          ModelCache          ModelEntries)
//	QColor, QFont               Color, Font         a color.Color for QColor
//	QBrush, QPen, QPalette      Brush, Pen, Palette
//	QImage, QPixmap, QBitmap    Image, …            (PNG files)
//	QIcon, QCursor              Icon, Cursor
//	QPolygon, QPolygonF         Polygon, PolygonF
//	QRegion                     Region
//	QKeySequence                KeySequence
//	QTransform, QMatrix4x4      Transform, Matrix4x4
//	QMatrix (Qt 5 only)         Matrix
//	QVector2D, 3D, 4D           Vector2D, …
//	QQuaternion                 Quaternion
//	QTextLength, QTextFormat    TextLength, TextFormat
//	QColorSpace                 ColorSpace          (an ICC profile)
//	a registered type           its own
//
// What Any and Value together do not keep: a null QString comes back empty; an undefined QJsonValue null; a QDateTime in a
// zone that this system does not know in UTC; what stands in a QVariant comes back as the type of its Go type (a QVector3D
// does, a long as a qlonglong). Work with Values where that matters: they keep everything.
//
// # Null, Of, As and Register
//
// [Of] makes a Value of a Go value whose type is known when the program is compiled, and [As] the reverse; for numbers,
// bools and strings neither allocates. Qt tells null from empty: a null QString is [NullString], a null QByteArray
// that of a nil []byte, and [Value.IsNull] tells them apart, while As[string] gives "" for both and As[*string] a nil pointer
// for a null one. The invalid variant is the zero Value; As makes any zero value of it, so check [Value.IsValid] if a peer may
// send it. [OrZero] is As for values that are known to fit.
//
// Structs for PODs, and slices and maps, become Values without reflection by [Type.Pack], [PackList] and [PackMap], which code
// that is generated uses; [Type.Unpack], [UnpackList] and [UnpackMap] are the reverse.
//
// [Register] adds a type of one's own: its C++ name, its Go type and how it is streamed. From then on it can be part of
// QList<…>, QMap<…> and the like, and Of and As take its Go type. PODs and enums need no codec: a class that uses them defines
// them ([Types.Define]).
//
// # Bad input
//
// Readers return a [*DecodeError] that says what was wrong and at which offset. A name that nobody knows is an
// [*UnknownTypeError], since without the type the value's end cannot be found. Values nested deeper than [MaxDepth] are refused, and
// decoding never allocates more than 256 bytes for each byte of the input, and 64 KiB.
package qt
