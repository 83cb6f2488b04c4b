; SPDX-License-Identifier: LGPL-3.0-or-later
; What gimp-kill.py lets GIMP do: run the plug-in, which is killed meanwhile, and say after each time what the image is like.
; Before it the test puts (define folder "..."), (define model "..."), (define kills N) and the words of this GIMP.

(gimp-message-set-handler 1)

(define image (open-picture "photo.png"))
(define layer (only-layer image))
(gimp-image-clean-all image)

; To standard error, at once: the test kills from here on.
(define (say words) (gimp-message (string-append "kill: " words)))

(define (flag value) (if (number? value) (> value 0) value))

(define (try n)
  (if (< n kills)
      (begin
        (say "begin")
        (let ((result (translate-so image layer model 2 512 0.7 0 1.0 (remainder n 2))))
          (say (string-append "end " (if (equal? result -1) "failed" "finished")
                              " layers " (number->string (length (layers image)))
                              (if (flag (car (gimp-image-is-dirty image))) " changed" " unchanged"))))
        (try (+ n 1)))))

(try 0)
(save image layer "after.png")
