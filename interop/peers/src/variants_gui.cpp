// Golden QVariants of QtGui's value types, for the Go codec's tests. Needs no display.
#include "vectors.h"
#include <QtGui>

using vectors::add;

static QImage squares(QImage::Format format)
{
    QImage i(2, 2, format);
    i.fill(0);
    if (format == QImage::Format_Mono) {
        i.setColor(0, qRgb(255, 255, 255));
        i.setColor(1, qRgb(0, 0, 0));
        i.setPixel(0, 0, 1);
        return i;
    }
    i.setPixel(0, 0, qRgba(255, 0, 0, 255));
    i.setPixel(1, 0, qRgba(0, 255, 0, 128));
    i.setPixel(0, 1, qRgba(0, 0, 255, 255));
    return i;
}

static void colors()
{
    add("invalid", QVariant(QColor()));
    add("rgb 18 52 86 alpha 128", QVariant(QColor(0x12, 0x34, 0x56, 0x80)));
    add("rgb 255 255 255 opaque", QVariant(QColor(Qt::white)));
    add("hsv 120 200 100 alpha 255", QVariant(QColor::fromHsv(120, 200, 100)));
    add("hsv achromatic (hue -1) value 128", QVariant(QColor::fromHsv(-1, 0, 128)));
    add("cmyk 10 20 30 40 alpha 200", QVariant(QColor::fromCmyk(10, 20, 30, 40, 200)));
    add("hsl 300 128 64 alpha 255", QVariant(QColor::fromHsl(300, 128, 64)));
    add("extended rgb 1.5 -0.25 0.5 alpha 1", QVariant(QColor::fromRgbF(1.5, -0.25, 0.5)));
}

static void fonts()
{
    add("family Dejavu Sans 12 pt", QVariant(QFont("Dejavu Sans", 12)));
    QFont f("Dejavu Sans", 9, QFont::Bold, true);
    add("bold italic 9 pt", QVariant(f));
    f = QFont("Dejavu Sans");
    f.setPixelSize(17);
    add("17 pixels", QVariant(f));
    f = QFont("Dejavu Sans", 10);
    f.setPointSizeF(10.5);
    f.setStretch(QFont::Condensed);
    add("10.5 pt condensed (stretch 75)", QVariant(f));
    f = QFont("Dejavu Sans", 10);
    f.setLetterSpacing(QFont::AbsoluteSpacing, 2.5);
    f.setWordSpacing(-1.25);
    add("letter spacing 2.5 absolute, word spacing -1.25", QVariant(f));
    f = QFont("Dejavu Sans", 10);
    f.setLetterSpacing(QFont::PercentageSpacing, 110);
    add("letter spacing 110 percent", QVariant(f));
    f = QFont("Dejavu Sans", 10);
    f.setUnderline(true);
    f.setOverline(true);
    f.setStrikeOut(true);
    f.setKerning(false);
    f.setFixedPitch(true);
    f.setCapitalization(QFont::SmallCaps);
    f.setStyleName("Book");
    add("underline overline strikeout, no kerning, fixed pitch, small caps, style name Book", QVariant(f));
    f = QFont("Dejavu Sans", 10);
    f.setStyleHint(QFont::Monospace, QFont::PreferAntialias);
    f.setHintingPreference(QFont::PreferNoHinting);
    add("style hint Monospace, strategy PreferAntialias, no hinting", QVariant(f));
    f = QFont();
    f.setFamilies({"First", "Second"});
    f.setPointSize(8);
    add("families First, Second, 8 pt", QVariant(f));
    f = QFont("Dejavu Sans", 10);
    f.setWeight(QFont::Light);
    add("light weight", QVariant(f));
    f.setStyle(QFont::StyleOblique);
    add("light weight, oblique", QVariant(f));
}

static void brushesAndPens()
{
    add("no brush", QVariant(QBrush()));
    add("solid rgb 1 2 3", QVariant(QBrush(QColor(1, 2, 3))));
    add("DiagCrossPattern blue", QVariant(QBrush(Qt::blue, Qt::DiagCrossPattern)));
    QBrush moved(QColor(1, 2, 3), Qt::Dense4Pattern);
    moved.setTransform(QTransform(1, 0, 0, 2, 5, 6));
    add("Dense4Pattern with transform scale (1,2) move (5,6)", QVariant(moved));
    QLinearGradient linear(1, 2, 30, 40);
    linear.setColorAt(0, Qt::red);
    linear.setColorAt(0.25, Qt::green);
    linear.setColorAt(1, QColor(0, 0, 255, 100));
    linear.setSpread(QGradient::ReflectSpread);
    add("linear gradient (1,2)-(30,40) reflected, stops 0 red, 0.25 green, 1 blue alpha 100", QVariant(QBrush(linear)));
    QRadialGradient radial(10, 11, 12.5, 8, 9, 1.5);
    radial.setColorAt(0, Qt::black);
    radial.setColorAt(1, Qt::white);
    radial.setCoordinateMode(QGradient::ObjectBoundingMode);
    add("radial gradient centre (10,11) radius 12.5 focus (8,9) radius 1.5, ObjectBoundingMode", QVariant(QBrush(radial)));
    QConicalGradient conical(3, 4, 45);
    conical.setColorAt(0.5, Qt::cyan);
    conical.setInterpolationMode(QGradient::ComponentInterpolation);
    add("conical gradient centre (3,4) angle 45, ComponentInterpolation", QVariant(QBrush(conical)));
    add("texture 2 x 2 pixmap", QVariant(QBrush(QPixmap::fromImage(squares(QImage::Format_ARGB32)))));
    add("texture 2 x 2 image", QVariant(QBrush(squares(QImage::Format_ARGB32))));

    add("default: black, width 1, solid", QVariant(QPen()));
    add("no pen", QVariant(QPen(Qt::NoPen)));
    QPen wide(QBrush(QColor(9, 8, 7)), 4.5, Qt::DashDotLine, Qt::RoundCap, Qt::MiterJoin);
    wide.setMiterLimit(3.5);
    add("width 4.5 DashDotLine RoundCap MiterJoin limit 3.5", QVariant(wide));
    QPen dashed(Qt::red);
    dashed.setDashPattern({1, 2, 3.5, 4});
    dashed.setDashOffset(0.75);
    add("custom dashes 1 2 3.5 4 offset 0.75", QVariant(dashed));
    QPen cosmetic(Qt::red);
    cosmetic.setCosmetic(true);
    add("cosmetic", QVariant(cosmetic));
}

static void images()
{
    add("null", QVariant(QImage()));
    add("2 x 2 ARGB32", QVariant(squares(QImage::Format_ARGB32)));
    add("2 x 2 RGB32", QVariant(squares(QImage::Format_RGB32)));
    add("2 x 2 mono", QVariant(squares(QImage::Format_Mono)));
    add("null", QVariant(QPixmap()));
    add("2 x 2", QVariant(QPixmap::fromImage(squares(QImage::Format_ARGB32))));
    add("null", QVariant(QBitmap()));
    add("null", QVariant(QIcon()));
    add("one pixmap 2 x 2", QVariant(QIcon(QPixmap::fromImage(squares(QImage::Format_ARGB32)))));
    add("pointing hand", QVariant(QCursor(Qt::PointingHandCursor)));
    add("arrow", QVariant(QCursor(Qt::ArrowCursor)));
    add("pixmap cursor, hot spot (1,1)", QVariant(QCursor(QPixmap::fromImage(squares(QImage::Format_ARGB32)), 1, 1)));
}

static void shapes()
{
    add("empty", QVariant(QPolygon()));
    add("(1,2) (-3,4) (5,6)", QVariant(QPolygon(QVector<QPoint>{{1, 2}, {-3, 4}, {5, 6}})));
    add("empty", QVariant(QPolygonF()));
    add("(0.5,1) (-2.25,3)", QVariant(QPolygonF(QVector<QPointF>{{0.5, 1}, {-2.25, 3}})));
    add("empty", QVariant(QRegion()));
    add("one rectangle 1,2 30 x 40", QVariant(QRegion(1, 2, 30, 40)));
    add("0,0 10 x 10 and 20,20 5 x 5", QVariant(QRegion(0, 0, 10, 10) + QRegion(20, 20, 5, 5)));
    add("L shape: 0,0 10 x 10 and 0,10 20 x 5", QVariant(QRegion(0, 0, 10, 10) + QRegion(0, 10, 20, 5)));
#if QT_VERSION < QT_VERSION_CHECK(6, 0, 0)
    add("1.5 2 3 4 5 6", QVariant(QMatrix(1.5, 2, 3, 4, 5, 6)));
#endif
    add("identity", QVariant(QTransform()));
    add("11..33: 1 2 3 4 5.5 6 7 8 9", QVariant(QTransform(1, 2, 3, 4, 5.5, 6, 7, 8, 9)));
    add("identity", QVariant(QMatrix4x4()));
    add("row-major 1..16", QVariant(QMatrix4x4(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16)));
    add("1.5 -2", QVariant(QVector2D(1.5f, -2)));
    add("1.5 -2 0.1", QVariant(QVector3D(1.5f, -2, 0.1f)));
    add("1.5 -2 0.1 4", QVariant(QVector4D(1.5f, -2, 0.1f, 4)));
    add("scalar 1, x 2, y 3, z 4.5", QVariant(QQuaternion(1, 2, 3, 4.5f)));
}

static void textAndTheme()
{
    add("empty", QVariant::fromValue(QKeySequence()));
    add("Ctrl+S", QVariant::fromValue(QKeySequence("Ctrl+S")));
    add("Ctrl+X, Alt+F4", QVariant::fromValue(QKeySequence("Ctrl+X, Alt+F4")));
    add("variable", QVariant(QTextLength()));
    add("fixed 12.5", QVariant(QTextLength(QTextLength::FixedLength, 12.5)));
    add("50 percent", QVariant(QTextLength(QTextLength::PercentageLength, 50)));
    add("invalid", QVariant::fromValue(QTextFormat()));
    QTextFormat format(QTextFormat::UserFormat);
    format.setProperty(QTextFormat::UserProperty, 7);
    format.setProperty(QTextFormat::UserProperty + 1, QString("seven"));
    add("user format, property 0x100000 = 7, 0x100001 = seven", QVariant::fromValue(format));
    QTextCharFormat bold;
    bold.setFontItalic(true);
    bold.setForeground(QColor(1, 2, 3));
    add("char format, italic, foreground 1 2 3", QVariant::fromValue(static_cast<const QTextFormat &>(bold)));

    QPalette plain(QColor(200, 200, 200));
    add("made from button color 200 200 200", QVariant(plain));
    QPalette one;
    one.setColor(QPalette::Disabled, QPalette::Text, QColor(9, 9, 9));
    add("application palette with Disabled Text 9 9 9", QVariant(one));
    add("invalid", QVariant::fromValue(QColorSpace()));
    add("SRgb", QVariant::fromValue(QColorSpace(QColorSpace::SRgb)));
}

// Written into the file, for whoever decodes it.
static const char *const notes[] = {
    "Run on the offscreen platform; fonts and the palette name what that platform has. The PNGs and the ICC profile are this machine's.",
    "Layouts as these vectors show them (the variant's id and null byte stand before). f64 = double; counts are u32; QSize, QPoint, QRect, QString as in QtCore.",
    "QColor: i8 spec (0 invalid 1 rgb 2 hsv 3 cmyk 4 hsl 5 extended rgb), u16 alpha, 4 x u16 (the fourth is 0 but for cmyk). 8-bit v is v * 257; hue is degrees * 100, ffff without hue; extended rgb: half-precision floats, alpha too.",
    "QFont Qt 5: QString family, QString style name, f64 point size (-1 if in pixels), i32 pixel size (-1 if in points), u8 style hint, u16 style strategy, u8 0, u8 weight (50 normal), u8 bits, u16 stretch, u8 extended bits, i32 letter spacing, i32 word spacing (1/64), u8 hinting, u8 capitalization.",
    "QFont Qt 6: the same, but without the zero byte, u16 weight (400 normal), and at the end QStringList families. bits: 1 italic, 2 underline, 4 strikeout, 8 fixed pitch, 10 kerning, 40 overline, 80 oblique (hex). extended bits: 1 ignore pitch, 2 letter spacing is absolute. Qt 5 at this version drops all families but the first.",
    "QBrush: u8 style, QColor, then by style: 0f/10/11 (linear, radial, conical): i32 type, i32 spread, i32 coordinate mode, i32 interpolation, stops: count, (f64 position, QColor)*, then linear: start, end; radial: centre, focus, f64 radius, in Qt 6 f64 focus radius; conical: centre, f64 angle (points as 2 f64). 18 (texture): QPixmap. Then a QTransform in any case.",
    "QPen: u16 style + cap + join, u8 cosmetic, f64 width, QBrush, f64 miter limit, count and f64* dash pattern, f64 dash offset, u8 default width. (The dash pattern of a built-in style is sent too.)",
    "QImage, QPixmap, QBitmap: i32 0 = null; else i32 1 and a PNG file, which says itself how long it is.",
    "QIcon: QString engine (null for no icon), then for QPixmapIconEngine: i32 count, (QPixmap, QString file, QSize, u32 mode, u32 state)*.",
    "QCursor: u16 shape; shape 18 hex: u8 1, QPixmap, QPoint hot spot.",
    "QPolygon, QPolygonF: count, points. QRegion: u32 bytes that follow; if any: i32 10, count, QRect*.",
    "QTransform: 9 f64 m11 m12 m13 m21 .. m33. QMatrix (Qt 5): 6 f64. QMatrix4x4: 16 f64, row-major. QVector2D/3D/4D: f64 each; QQuaternion: f64 scalar, x, y, z.",
    "QKeySequence: count, i32 key codes (a Ctrl+S is 1 entry; a longer one is padded to 4). QTextLength: i32 type, f64 value.",
    "QTextFormat: i32 type (-1 invalid), QMap<i32, QVariant> properties; map order as everywhere: Qt 5 descending, Qt 6 ascending.",
    "QPalette: QBrush of each role, 21 roles for Active, then for Disabled, then for Inactive (63 brushes, no count). QColorSpace: QByteArray ICC profile, null if invalid.",
    "Ids: Qt 5 40 hex QFont 41 QPixmap 42 QBrush 43 QColor 44 QPalette 45 QIcon 46 QImage 47 QPolygon 48 QRegion 49 QBitmap 4a QCursor 4b QKeySequence 4c QPen 4d QTextLength 4e QTextFormat 4f QMatrix 50 QTransform 51 QMatrix4x4 52-54 QVector2D-4D 55 QQuaternion 56 QPolygonF 57 QColorSpace.",
    "Ids: Qt 6 1000 hex QFont, in the same order up to 100e QTextFormat, then 1010 QTransform (no QMatrix) .. 1016 QPolygonF, 1017 QColorSpace.",
};

int main(int argc, char **argv)
{
    qputenv("QT_QPA_PLATFORM", "offscreen");
    QGuiApplication app(argc, argv);
    vectors::header("QVariant golden vectors of QtGui types");
    for (const char *n : notes)
        printf("# %s\n", n);
    colors();
    fonts();
    brushesAndPens();
    images();
    shapes();
    textAndTheme();
    fprintf(stderr, "%d vectors\n", vectors::written());
    return 0;
}
